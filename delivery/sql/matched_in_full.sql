IF NEW.matched_at IS NOT NULL AND EXISTS (
    SELECT FROM public.delivery_entitleddistribution d
    WHERE d.entitlement_id = NEW.entitlement_id AND NOT EXISTS (
        SELECT FROM public.delivery_download l
        WHERE l.inspection_id = NEW.id AND l.distribution_id = d.id AND l.sent_sha256 IS NOT NULL
    )
) THEN
    RAISE EXCEPTION 'a delivery is received when every distribution was sent as a whole'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
