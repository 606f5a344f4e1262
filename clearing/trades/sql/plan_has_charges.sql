IF NOT EXISTS (SELECT FROM public.clearing_plannedcharge WHERE plan_id = NEW.id) THEN
    RAISE EXCEPTION 'the plan of % has no charges', NEW.agreement
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
