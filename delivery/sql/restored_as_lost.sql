SELECT * INTO e FROM public.delivery_entitlement WHERE id = NEW.entitlement_id FOR NO KEY UPDATE;
IF e.ended_at IS NOT NULL OR NEW.lost_from < e.granted_at THEN
    RAISE EXCEPTION 'only access that goes on is given back, and only since it was granted'
        USING ERRCODE = 'check_violation';
END IF;
IF NOT (CASE NEW.cause
    WHEN 'suspension' THEN e.state = 'suspended'
        AND NOT EXISTS (SELECT FROM public.contracts_dispute d WHERE d.public_id = e.stopped_by AND d.opened_as = 'seller') AND NEW.lost_from >= e.suspended_at AND NEW.reference = e.public_id
    WHEN 'dispute' THEN EXISTS (
        SELECT FROM public.delivery_inspection n
         WHERE n.entitlement_id = e.id AND n.state = 'disputed' AND n.dispute = NEW.reference
           AND NEW.lost_from >= n.disputed_at)
    WHEN 'outage' THEN EXISTS (
        SELECT FROM public.delivery_outage o
         WHERE o.public_id = NEW.reference AND NEW.lost_from >= o.since AND NEW.lost_until <= o.until)
    ELSE false END) THEN
    RAISE EXCEPTION 'nothing was lost then, for this cause'
        USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT FROM public.delivery_restitution r
     WHERE r.entitlement_id = NEW.entitlement_id
       AND tstzrange(r.lost_from, r.lost_until) && tstzrange(NEW.lost_from, NEW.lost_until)
) THEN
    RAISE EXCEPTION 'no moment is given back twice'
        USING ERRCODE = 'check_violation';
END IF;
-- Of several moments, the earliest that is known: without a last day, the time that was lost alone decides.
IF NEW.expires_before IS DISTINCT FROM e.expires_at OR NEW.expires_at IS DISTINCT FROM (
    CASE WHEN e.expires_at IS NOT NULL
         THEN least(e.expires_at + (NEW.lost_until - NEW.lost_from), e.expires_latest) END) THEN
    RAISE EXCEPTION 'a term moves by what was lost, and not beyond what was signed'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
