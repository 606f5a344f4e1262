IF NOT ({APPROVED}) THEN
    RAISE EXCEPTION 'payment % of own money was approved by no second person', NEW.reference
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
