IF NOT ({APPROVED}) THEN
    RAISE EXCEPTION 'the books of % are closed by no two people', NEW.month USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
