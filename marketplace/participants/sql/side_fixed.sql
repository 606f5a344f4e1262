IF NEW.is_operator IS DISTINCT FROM OLD.is_operator
   AND EXISTS (SELECT FROM public.participants_membership WHERE organisation_id = NEW.id) THEN
    RAISE EXCEPTION 'an organisation with members does not change its side'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
