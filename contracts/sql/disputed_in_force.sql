SELECT a.state, a.termination_reason INTO present, ended_by FROM public.contracts_agreement a WHERE a.id = NEW.agreement_id FOR SHARE;
IF coalesce(present = 'terminated' AND ended_by NOT IN ({INSPECTED_ON}), true) THEN
    RAISE EXCEPTION 'a dispute is opened over an agreement in force or expired, or while what was received is inspected'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disputed_in_force';
END IF;
RETURN NEW;
