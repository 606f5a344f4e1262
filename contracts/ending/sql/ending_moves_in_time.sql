IF NEW.state = OLD.state THEN
    RETURN NEW;
END IF;
SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
IF NEW.state = 'scheduled' AND (a.state <> 'in_force' OR public.business_now() >= least(OLD.respond_by, OLD.access_until)
    OR coalesce(NEW.answered_at, 'infinity') = 'infinity' OR NOT {ACTS}) THEN
    RAISE EXCEPTION 'a signatory of the other party accepts % in time', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ending_moves_in_time';
END IF;
IF NEW.state = 'lapsed' AND public.business_now() < least(OLD.respond_by, OLD.access_until) THEN
    RAISE EXCEPTION '% can still be answered', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'ending_moves_in_time';
END IF;
IF NEW.state = 'done' AND (public.business_now() < OLD.access_until OR EXISTS (
    SELECT FROM public.contracts_dispute d WHERE d.agreement_id = NEW.agreement_id AND d.state = 'open')) THEN
    RAISE EXCEPTION '% is carried out after its last day, and not while a dispute is open', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ending_moves_in_time';
END IF;
RETURN NEW;
