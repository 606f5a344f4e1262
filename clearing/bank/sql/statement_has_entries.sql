IF (SELECT count(*) FROM public.clearing_bankentry e WHERE e.statement_id = NEW.id) <> NEW.credits + NEW.debits THEN
    RAISE EXCEPTION 'statement % was committed without all of its entries', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
