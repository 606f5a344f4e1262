IF NEW.version <> OLD.version THEN
    SELECT v.said #> '{plan,access,ends}' AS after, b.said #> '{plan,access,ends}' AS before, a.concluded_at INTO amended
      FROM public.contracts_agreement a CROSS JOIN LATERAL public.signed_versions(a.id) v
      JOIN LATERAL public.signed_versions(a.id) b ON b.number = OLD.version
     WHERE a.public_id = NEW.agreement AND v.number = NEW.version AND v.number > OLD.version;
    IF NOT FOUND OR OLD.ended_at IS NOT NULL OR (NEW.expires_at, NEW.expires_latest) IS DISTINCT FROM (
        public.end_as_amended(amended.before, amended.after, amended.concluded_at, OLD.expires_at),
        public.end_of_rights(amended.after - 'duration', amended.concluded_at)) THEN
        RAISE EXCEPTION 'access follows a later version of its agreement, to the end that it states'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'term_stands_still';
    END IF;
ELSIF NEW.expires_latest IS DISTINCT FROM OLD.expires_latest THEN
    RAISE EXCEPTION 'the last day of access moves with a version of its agreement alone'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'term_stands_still';
-- A restitution moves the term in a trigger of its own (prolongs), within which this one is the second.
ELSIF NEW.expires_at IS DISTINCT FROM OLD.expires_at AND pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'a term moves by what is given back of it, and by nothing else'
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.suspended_at IS DISTINCT FROM OLD.suspended_at
   AND ((NEW.state = OLD.state AND NEW.stopped_by = OLD.stopped_by) OR NOT public.is_business_present(NEW.suspended_at, NEW.suspended_at)) THEN
    RAISE EXCEPTION 'access is suspended from now on'
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.stopped_by IS DISTINCT FROM OLD.stopped_by AND NEW.state = 'suspended' AND (OLD.stopped_by <> '' OR NEW.suspended_at IS NOT DISTINCT FROM OLD.suspended_at) THEN
    RAISE EXCEPTION 'access is stopped from now on, once'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'term_stands_still';
END IF;
-- What a stop for an act of the buyer took is not lost.
IF OLD.state = 'suspended' AND (NEW.state = 'started' OR NEW.state = 'suspended' AND NEW.suspended_at IS DISTINCT FROM OLD.suspended_at)
   AND NOT EXISTS (SELECT FROM public.contracts_dispute d WHERE d.public_id = OLD.stopped_by AND d.opened_as = 'seller') AND EXISTS (
    SELECT FROM unnest(tstzmultirange(tstzrange(OLD.suspended_at, greatest(OLD.suspended_at, public.business_now())))
        - coalesce((SELECT range_agg(tstzrange(r.lost_from, r.lost_until))
                      FROM public.delivery_restitution r WHERE r.entitlement_id = NEW.id), '{}')) AS part
     WHERE upper(part) - lower(part) > interval '{LATE_SECONDS_MAX} seconds'
) THEN
    RAISE EXCEPTION 'access is resumed with what its suspension took of it'
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.state = 'completed' AND OLD.state = 'suspended' AND OLD.stopped_by = '' THEN
    RAISE EXCEPTION 'no term ends while the operator suspends access'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'term_stands_still';
END IF;
IF NEW.state = 'completed' AND OLD.state <> 'completed' AND EXISTS (
    SELECT FROM public.delivery_inspection n WHERE n.entitlement_id = NEW.id AND n.state = 'disputed'
) THEN
    RAISE EXCEPTION 'no term ends while a dispute keeps access closed'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
