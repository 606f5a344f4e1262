IF NEW.transaction > {NEWEST_TRANSACTION} THEN
    RAISE EXCEPTION 'no position can have reached transaction %, which this server has not begun', NEW.transaction
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
