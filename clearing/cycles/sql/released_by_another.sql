IF OLD.paused_since IS NULL THEN
    IF NEW.released_by <> OLD.released_by THEN
        RAISE EXCEPTION 'cycle % is not paused, so nobody releases it', OLD.business_key
            USING ERRCODE = 'check_violation';
    END IF;
ELSIF NEW.paused_since IS NOT NULL THEN
    IF (NEW.paused_since, NEW.paused_by, NEW.paused_responsible, NEW.released_by)
        IS DISTINCT FROM (OLD.paused_since, OLD.paused_by, OLD.paused_responsible, OLD.released_by) THEN
        RAISE EXCEPTION 'cycle % is paused by %, and stays so until it is released', OLD.business_key, OLD.paused_by
            USING ERRCODE = 'check_violation';
    END IF;
ELSIF NEW.released_by IN (OLD.paused_by, OLD.paused_responsible) OR NOT starts_with(NEW.released_by, '{PERSON}') THEN
    RAISE EXCEPTION 'cycle % is released by another person than %, who paused it', OLD.business_key, OLD.paused_by
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
