{INDEX_LOCK}
IF {DEPARTS} THEN
    RAISE EXCEPTION 'what a clause did in % is what was signed and what it read', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'fired_as_signed';
END IF;
RETURN NULL;
