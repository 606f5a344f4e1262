IF NEW.number <= (SELECT coalesce(max(r.number), 0) FROM public.clearing_restoration r) THEN
    RAISE EXCEPTION 'restoration % is not later than the newest', NEW.number USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
