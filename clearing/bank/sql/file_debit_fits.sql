IF NEW.amount_minor IS DISTINCT FROM ({CARRIED_OUT}) THEN
    RAISE EXCEPTION 'bank entry % is not the total of the payments of its transfer file', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
