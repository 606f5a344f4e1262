IF NEW.state = OLD.state THEN
    RETURN NEW;
END IF;
IF (NEW.state = 'suspended') <> EXISTS {STANDS} THEN
    RAISE EXCEPTION 'organisation % is suspended while a suspension stands, and only then', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.state = 'active' AND NOT EXISTS (
    SELECT FROM public.participants_reinstatement r
     WHERE r.organisation_id = NEW.id AND r.transaction = pg_current_xact_id()
) THEN
    RAISE EXCEPTION 'organisation % was reinstated by no two people', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
