IF NEW.state = 'terminated' AND OLD.state <> 'terminated' THEN
    IF NEW.termination_reason IN ({GROUNDS}) AND NOT EXISTS (
        SELECT FROM public.contracts_ending e
         WHERE e.agreement_id = NEW.id AND e.ground = NEW.termination_reason AND e.state IN ('scheduled', 'done')
           AND e.access_until <= public.business_now()) THEN
        RAISE EXCEPTION '% is ended after the last day of what ends it', NEW.public_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'terminated_as_ended';
    END IF;
    IF NEW.termination_reason IN ('seller_breach', 'buyer_breach', 'settled') AND NOT EXISTS (
        SELECT FROM public.contracts_dispute d
         WHERE d.agreement_id = NEW.id AND d.outcome = 'termination'
           AND NEW.termination_reason = (CASE WHEN d.state = 'settled' THEN 'settled'
               WHEN d.opened_as = 'seller' THEN 'buyer_breach' ELSE 'seller_breach' END)) THEN
        RAISE EXCEPTION 'no dispute decided that % is terminated', NEW.public_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'terminated_as_ended';
    END IF;
END IF;
RETURN NEW;
