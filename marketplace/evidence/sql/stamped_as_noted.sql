SELECT c.note, c.created_at INTO stamped FROM public.evidence_checkpoint c WHERE c.id = NEW.checkpoint_id;
IF NEW.imprint IS DISTINCT FROM (
    CASE NEW.hash_algorithm WHEN 'sha256' THEN sha256(convert_to(stamped.note, 'UTF8'))
                            WHEN 'sha512' THEN sha512(convert_to(stamped.note, 'UTF8')) END
) OR position(NEW.imprint IN NEW.answer) = 0 THEN
    RAISE EXCEPTION 'timestamp % is not of the note of its checkpoint', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
IF NEW.stated_at < stamped.created_at - interval '{MINUTES} minutes'
   OR NEW.stated_at NOT BETWEEN NEW.received_at - interval '{MINUTES} minutes'
                            AND NEW.received_at + interval '{MINUTES} minutes' THEN
    RAISE EXCEPTION 'timestamp % states a time that is not that of its arrival', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
