IF (NEW.findings, NEW.lists, NEW.is_changed) IS DISTINCT FROM (OLD.findings, OLD.lists, OLD.is_changed) THEN
    RAISE EXCEPTION 'what a screening came to cannot be changed' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
