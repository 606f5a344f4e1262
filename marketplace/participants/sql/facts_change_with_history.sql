IF false
{UNEXPLAINED} THEN
    RAISE EXCEPTION 'a fact of organisation % changes with its history', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
