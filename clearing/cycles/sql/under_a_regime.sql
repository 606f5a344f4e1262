IF NEW.number = 1 AND NOT EXISTS (
    SELECT FROM public.clearing_fundsregime
     WHERE currency = NEW.currency AND effective_from <= NEW.opened_at
) THEN
    RAISE EXCEPTION 'no funds regime is in force for %', NEW.currency
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
