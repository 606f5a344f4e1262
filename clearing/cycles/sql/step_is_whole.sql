SELECT CASE NEW.state WHEN 'netted' THEN 'positions' WHEN 'posted' THEN 'entries' ELSE 'payments' END INTO lacking;
IF NOT EXISTS (
    SELECT FROM public.clearing_cyclepart WHERE cycle_id = NEW.id AND part = lacking AND ended_at IS NOT NULL
) THEN
    RAISE EXCEPTION 'cycle % is not %: its % are not all done', NEW.business_key, NEW.state, lacking
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
