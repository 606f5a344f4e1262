PERFORM 1 FROM public.participants_organisation WHERE id = NEW.organisation_id FOR SHARE;
IF EXISTS (
    SELECT FROM ({LIMITS}) held
     WHERE NEW.price_max_minor > held.per_act_minor OR NEW.total_max_minor > held.per_month_minor
) THEN
    RAISE EXCEPTION 'a mandate is within the limits of authority of its signer' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
