IF NEW.matched_at IS NOT NULL AND EXISTS (
    SELECT FROM public.delivery_entitleddistribution d
    WHERE d.entitlement_id = NEW.entitlement_id AND NOT EXISTS (
        SELECT FROM public.delivery_voucher v
        WHERE v.inspection_id = NEW.id AND v.distribution_id = d.id AND v.matched
    )
) THEN
    RAISE EXCEPTION 'a delivery is matched when every distribution has a matching voucher'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
