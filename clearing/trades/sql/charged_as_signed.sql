SELECT public.plan_of_charge(NEW.agreement, {CHARGE}) AS plan INTO signed;
IF FOUND AND signed.plan IS NOT NULL AND {DEPARTS} THEN
    RAISE EXCEPTION 'what is charged of % is what the signed plan says', NEW.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'charged_as_signed';
END IF;
RETURN NEW;
