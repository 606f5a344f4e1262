IF NOT ({APPROVED}) THEN
    RAISE EXCEPTION 'permission % was stated by no second person', NEW.number USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
