IF NOT EXISTS (
    SELECT FROM public.participants_reinstatement r
     WHERE r.organisation_id = NEW.id AND r.transaction = pg_current_xact_id()
) THEN
    RAISE EXCEPTION 'organisation % was reinstated by no two people', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
