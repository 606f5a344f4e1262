IF NEW.number <> 1 AND NOT EXISTS (
    SELECT FROM public.clearing_cycle WHERE currency = NEW.currency AND number = NEW.number - 1
) THEN
    RAISE EXCEPTION 'cycle % of % would leave a gap', NEW.number, NEW.currency
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
