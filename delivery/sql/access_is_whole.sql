IF OLD.state = 'requested' AND NEW.state = 'started' AND NOT (
    EXISTS (SELECT FROM public.delivery_entitleddistribution WHERE entitlement_id = NEW.id)
    AND EXISTS (SELECT FROM public.delivery_inspection WHERE entitlement_id = NEW.id)
) THEN
    RAISE EXCEPTION 'access starts with something to fetch and to inspect'
        USING ERRCODE = 'check_violation';
END IF;
-- The end of the agreement cancels what was not received; what was goes on to its decision, unless the price goes back.
IF NEW.state = 'terminated' AND EXISTS (
    SELECT FROM public.delivery_inspection
    WHERE entitlement_id = NEW.id AND (state = 'awaiting'
       OR state IN ('running', 'disputed') AND NEW.ended_reason IS DISTINCT FROM 'terminated')
) THEN
    RAISE EXCEPTION 'access cannot be terminated while its inspection is open'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
