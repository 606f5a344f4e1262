IF NOT ({APPROVED}) THEN
    RAISE EXCEPTION '%: no second person approved the change % of the calendar', TG_TABLE_NAME, NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
