SELECT state INTO present FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR SHARE;
IF coalesce(present = 'terminated', true) THEN
    RAISE EXCEPTION 'a dispute is opened over an agreement in force or expired' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
