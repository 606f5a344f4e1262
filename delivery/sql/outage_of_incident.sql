IF NOT EXISTS (
    SELECT FROM public.oversight_incident i WHERE i.public_id = NEW.incident AND i.kind = 'unavailability' AND i.organisation_id IS NULL
) THEN
    RAISE EXCEPTION 'an outage is registered as an incident of unavailability, by the operator'
        USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (SELECT FROM public.participants_organisation o WHERE o.registered_at <= NEW.since) THEN
    RAISE EXCEPTION 'an outage begins when there is a market'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'outage_of_incident';
END IF;
RETURN NEW;
