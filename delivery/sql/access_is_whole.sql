IF OLD.state = 'requested' AND NEW.state = 'started' AND NOT (
    EXISTS (SELECT FROM public.delivery_entitleddistribution WHERE entitlement_id = NEW.id)
    AND EXISTS (SELECT FROM public.delivery_inspection WHERE entitlement_id = NEW.id)
) THEN
    RAISE EXCEPTION 'access starts with something to fetch and to inspect'
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.state = 'terminated' AND EXISTS (
    SELECT FROM public.delivery_inspection
    WHERE entitlement_id = NEW.id AND state IN ('awaiting', 'running', 'disputed')
) THEN
    RAISE EXCEPTION 'access cannot be terminated while its inspection is open'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
