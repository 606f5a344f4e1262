IF OLD.paused_since IS NOT NULL AND NEW.state <> OLD.state THEN
    RAISE EXCEPTION 'cycle % is paused and stays %', OLD.business_key, OLD.state
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
