IF TG_OP = 'INSERT' AND (NEW.due_by IS DISTINCT FROM public.end_of_period(NEW.arose_at, 'P{DAYS}D') OR NOT EXISTS (
    SELECT FROM public.contracts_agreement a JOIN public.contracts_instrument i ON i.id = a.instrument_id
     WHERE a.id = NEW.agreement_id AND {DUE})) THEN
    RAISE EXCEPTION 'a duty to delete is of an agreement that ended and demands it, due {DAYS} days after'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'due_as_signed';
END IF;
IF TG_OP = 'UPDATE' AND NEW.state = 'overdue' AND OLD.state <> 'overdue' AND public.business_now() < OLD.due_by THEN
    RAISE EXCEPTION '% is not overdue', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'due_as_signed';
END IF;
RETURN NEW;
