IF NOT EXISTS (SELECT FROM public.clearing_setoff WHERE instruction_id = NEW.id) THEN
    RAISE EXCEPTION 'payment % is cancelled without a set-off', NEW.reference USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
