IF NEW.state = 'sent' AND NOT EXISTS (
    SELECT FROM public.delivery_entitleddistribution d
    WHERE d.id = NEW.distribution_id AND d.size_bytes = NEW.sent_bytes
      AND d.sha256 = NEW.sent_sha256 AND d.sha512 = NEW.sent_sha512
) THEN
    RAISE EXCEPTION 'what was sent is not what was sold'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
