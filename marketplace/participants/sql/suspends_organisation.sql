IF NOT EXISTS (
    SELECT FROM public.participants_organisation o WHERE o.id = NEW.organisation_id AND o.state = 'suspended'
) AND NOT EXISTS (SELECT FROM public.participants_reinstatement l WHERE l.suspension_id = NEW.id) THEN
    RAISE EXCEPTION 'suspension % stands, and its organisation is not suspended', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
