IF NOT ({APPROVED}) THEN
    RAISE EXCEPTION '%: no second person approved this for %', TG_TABLE_NAME, NEW.currency
        USING ERRCODE = 'check_violation';
END IF;
IF NOT ({NOTICED}) THEN
    RAISE EXCEPTION '%: this weakens a control in %, and takes effect before its notice is over', TG_TABLE_NAME,
        NEW.currency USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
