IF NEW.matched IS NULL THEN
    IF NOT EXISTS (
        SELECT FROM public.delivery_download l
        WHERE l.entitlement_id = NEW.entitlement_id AND l.distribution_id = NEW.distribution_id
          AND l.inspection_id = NEW.inspection_id AND l.state = 'sending'
    ) THEN
        RAISE EXCEPTION 'a report waits only for a file that is being sent'
            USING ERRCODE = 'check_violation';
    END IF;
ELSIF NOT EXISTS (
    SELECT FROM public.delivery_download l
    WHERE l.id = NEW.download_id AND l.state <> 'sending'
      AND l.inspection_id = NEW.inspection_id AND l.distribution_id = NEW.distribution_id
      AND l.entitlement_id = NEW.entitlement_id
      AND l.sent_sha256 = NEW.sent_sha256 AND l.sent_sha512 = NEW.sent_sha512
) THEN
    RAISE EXCEPTION 'a voucher is for what was sent to its end'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
