IF NOT EXISTS (
    -- By its key first: another index would find all downloads of the file.
    SELECT FROM (SELECT * FROM public.delivery_download d WHERE d.id = NEW.download_id OFFSET 0) l
     WHERE l.inspection_id = NEW.inspection_id AND l.distribution_id = NEW.distribution_id
       AND l.state <> 'sending' AND l.abort_reason IS DISTINCT FROM 'damaged'
       AND NEW.parts = coalesce(OLD.parts, '{}'::int8multirange)
                     + int8multirange(int8range(l.first_byte, l.first_byte + l.sent_bytes))
) THEN
    RAISE EXCEPTION 'a part counts as sent only once its download has ended' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
