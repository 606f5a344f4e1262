IF NOT EXISTS (SELECT FROM public.clearing_plannedcharge WHERE plan_id = NEW.id) THEN
    RAISE EXCEPTION 'plan of % comes without charges', NEW.agreement
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
