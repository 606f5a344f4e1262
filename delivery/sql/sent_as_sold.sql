IF NEW.sent_sha256 IS NULL AND NEW.sent_sha512 IS NULL THEN
    RETURN NEW;
END IF;
IF NEW.abort_reason = 'damaged' OR NOT EXISTS (
    SELECT FROM public.delivery_entitleddistribution d
    LEFT JOIN public.delivery_sentparts s ON s.distribution_id = d.id AND s.inspection_id = NEW.inspection_id
    WHERE d.id = NEW.distribution_id AND d.sha256 = NEW.sent_sha256 AND d.sha512 = NEW.sent_sha512
      AND coalesce(s.parts, '{}'::int8multirange)
        + int8multirange(int8range(NEW.first_byte, NEW.first_byte + NEW.sent_bytes)) @> int8range(0, d.size_bytes)
) THEN
    RAISE EXCEPTION 'what was sent is not what was sold'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
