IF NEW.state = 'terminated' AND OLD.state <> 'terminated' THEN
    IF NEW.termination_reason IN ({GROUNDS}) AND NOT EXISTS (
        SELECT FROM public.contracts_ending e
         WHERE e.agreement_id = NEW.id AND e.ground = NEW.termination_reason AND e.state IN ('scheduled', 'done')
           AND e.access_until <= public.business_now()) THEN
        RAISE EXCEPTION '% is ended after the last day of what ends it', NEW.public_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'terminated_as_ended';
    END IF;
    IF NEW.termination_reason = 'seller_breach' AND NOT EXISTS (
        SELECT FROM public.contracts_dispute d WHERE d.agreement_id = NEW.id AND d.outcome = 'termination') THEN
        RAISE EXCEPTION 'no dispute decided that % is terminated', NEW.public_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'terminated_as_ended';
    END IF;
END IF;
RETURN NEW;
