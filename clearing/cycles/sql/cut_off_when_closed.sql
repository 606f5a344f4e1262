IF NEW.cut_off_at IS DISTINCT FROM OLD.cut_off_at AND NOT (OLD.state = 'open' AND NEW.state = 'closing')
THEN
    RAISE EXCEPTION 'the cut-off of cycle % is recorded when it is closed', OLD.business_key
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
