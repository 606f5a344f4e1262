IF NEW.lifts_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM public.clearing_setoffrestraint r
     WHERE r.id = NEW.lifts_id AND r.lifts_id IS NULL
       AND (r.organisation_id, r.currency, r.kind) = (NEW.organisation_id, NEW.currency, NEW.kind)
) THEN
    RAISE EXCEPTION 'restraint % lifts another than its own', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
IF NOT ({APPROVED}) THEN
    RAISE EXCEPTION 'restraint % was lifted by no second person', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
