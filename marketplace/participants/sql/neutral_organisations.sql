IF (NEW.is_operator OR NEW.operator_affiliate) AND EXISTS (
    SELECT FROM public.participants_admission
    WHERE organisation_id = NEW.id AND state IN ({HELD})
) THEN
    RAISE EXCEPTION 'an organisation with an admission cannot belong to the operator'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
