IF TG_OP = 'UPDATE' AND NEW.ends_at IS NOT DISTINCT FROM OLD.ends_at THEN
    IF NEW.state = 'expired' AND OLD.state <> 'expired' AND coalesce(public.business_now() < NEW.ends_at, true) THEN
        RAISE EXCEPTION '% has not reached the end of its rights', NEW.public_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_as_signed';
    END IF;
    RETURN NEW;
END IF;
IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 AND NEW.state = 'in_force' AND EXISTS (
    SELECT FROM public.contracts_agreementversion v WHERE v.agreement_id = NEW.id AND v.ends_at IS NOT DISTINCT FROM NEW.ends_at
       AND v.number = (SELECT max(l.number) FROM public.contracts_agreementversion l WHERE l.agreement_id = NEW.id)) THEN
    RETURN NEW;  -- a version moves it, in its trigger moves_end
END IF;
SELECT content::jsonb #> '{terms,rights}' INTO rights FROM public.contracts_instrument WHERE id = NEW.instrument_id;
IF TG_OP = 'UPDATE' THEN
    SELECT v.said #> '{terms,rights}' INTO rights FROM public.signed_versions(NEW.id) v ORDER BY v.number DESC LIMIT 1;
END IF;
IF TG_OP = 'INSERT' THEN
    IF NEW.ends_at IS DISTINCT FROM public.end_of_rights(rights, NEW.concluded_at) THEN
        RAISE EXCEPTION 'an agreement ends when the signed rights end'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_as_signed';
    END IF;
    RETURN NEW;
END IF;
IF coalesce(NEW.ends_at <= OLD.ends_at, true) OR OLD.state <> 'in_force' OR NEW.state <> 'in_force'
   OR NEW.ends_at > ((rights ->> 'valid_until')::date + 1)::timestamp AT TIME ZONE 'Asia/Tokyo' THEN
    RAISE EXCEPTION 'the end of an agreement in force moves later only, and not past its signed last day'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_as_signed';
END IF;
RETURN NEW;
