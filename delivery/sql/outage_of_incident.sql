IF NOT EXISTS (
    SELECT FROM public.oversight_incident i WHERE i.public_id = NEW.incident AND i.kind = 'unavailability' AND i.organisation_id IS NULL
) THEN
    RAISE EXCEPTION 'an outage is registered as an incident of unavailability, by the operator'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
