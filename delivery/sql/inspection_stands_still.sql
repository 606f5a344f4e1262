IF NEW.accepted_by = 'lapse' AND OLD.state = 'running' AND EXISTS (
    SELECT FROM public.delivery_entitlement e WHERE e.id = NEW.entitlement_id AND e.state = 'suspended'
       AND (e.stopped_by = '' OR e.suspended_at + make_interval(days => e.inspection_days) > public.business_now())
) THEN
    RAISE EXCEPTION 'no inspection period ends while access is suspended, but some time after its use was stopped'
        USING ERRCODE = 'check_violation';
END IF;
IF OLD.state = 'disputed' AND NEW.state = 'repeated' AND EXISTS (
    SELECT FROM public.delivery_entitlement e WHERE e.id = NEW.entitlement_id AND e.ended_at IS NULL
) AND EXISTS (
    SELECT FROM unnest(tstzmultirange(tstzrange(OLD.disputed_at, greatest(OLD.disputed_at, public.business_now())))
        - coalesce((SELECT range_agg(tstzrange(r.lost_from, r.lost_until))
                      FROM public.delivery_restitution r WHERE r.entitlement_id = NEW.entitlement_id), '{}')) AS part
     WHERE upper(part) - lower(part) > interval '{LATE_SECONDS_MAX} seconds'
) THEN
    RAISE EXCEPTION 'a delivery is repeated with what its dispute took of access'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
