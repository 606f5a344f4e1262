IF EXISTS (SELECT FROM public.clearing_ledgerperiod WHERE month >= NEW.month) THEN
    RAISE EXCEPTION 'the month % is closed already, or a later one is', NEW.month
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
