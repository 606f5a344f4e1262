IF NEW.abort_reason = 'damaged' OR NEW.sent_bytes = 0 THEN
    RETURN NULL;
END IF;
INSERT INTO public.delivery_sentparts AS kept (inspection_id, distribution_id, download_id, parts)
VALUES (
    NEW.inspection_id, NEW.distribution_id, NEW.id,
    int8multirange(int8range(NEW.first_byte, NEW.first_byte + NEW.sent_bytes))
)
ON CONFLICT (inspection_id, distribution_id) DO UPDATE
   SET parts = kept.parts + EXCLUDED.parts, download_id = EXCLUDED.download_id;
RETURN NULL;
