IF NOT EXISTS (
    SELECT FROM public.participants_suspension s
     WHERE s.id = NEW.suspension_id AND s.organisation_id = NEW.organisation_id
) THEN
    RAISE EXCEPTION 'a reinstatement ends a suspension of its own organisation' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
