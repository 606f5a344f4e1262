IF TG_OP = 'DELETE' THEN
    owner := OLD.registration_id;
ELSE
    owner := NEW.registration_id;
END IF;
SELECT state INTO found FROM public.registration_registration WHERE id = owner FOR NO KEY UPDATE;
IF found IS DISTINCT FROM 'draft' THEN
    RAISE EXCEPTION 'what was submitted with an application cannot be changed' USING ERRCODE = 'check_violation';
END IF;
IF TG_OP = 'INSERT' AND (SELECT count(*) FROM public.{TABLE} WHERE registration_id = owner) >= {MAX} THEN
    RAISE EXCEPTION 'an application has at most {MAX} rows in {TABLE}' USING ERRCODE = 'check_violation';
END IF;
IF TG_OP = 'DELETE' THEN
    RETURN OLD;
END IF;
RETURN NEW;
