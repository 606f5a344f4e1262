IF NEW.number <> (SELECT coalesce(max(r.number), 0) + 1 FROM public.clearing_restoration r) THEN
    RAISE EXCEPTION 'restoration % is not the next one', NEW.number USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
