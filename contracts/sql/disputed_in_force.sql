SELECT state INTO present FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR SHARE;
IF present IS DISTINCT FROM 'in_force' THEN
    RAISE EXCEPTION 'a dispute is opened over an agreement in force' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
