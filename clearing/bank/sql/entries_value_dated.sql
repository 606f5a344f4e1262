IF EXISTS (SELECT FROM public.clearing_bankentry b WHERE b.statement_id = NEW.id AND ({WRONGLY_DATED})) THEN
    RAISE EXCEPTION 'statement % was committed with entries of other value dates', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
