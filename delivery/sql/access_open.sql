-- One download begins at a time: used_as_signed counts those before it.
SELECT state INTO present FROM public.delivery_entitlement WHERE id = NEW.entitlement_id FOR NO KEY UPDATE;
SELECT state INTO inspected FROM public.delivery_inspection
    WHERE id = NEW.inspection_id AND entitlement_id = NEW.entitlement_id;
IF present <> 'started' OR inspected IS NULL
   OR inspected NOT IN ('awaiting', 'running', 'accepted') THEN
    RAISE EXCEPTION 'nothing is sent without open access'
        USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (
    SELECT FROM public.delivery_entitleddistribution
    WHERE id = NEW.distribution_id AND entitlement_id = NEW.entitlement_id
      AND NEW.first_byte + NEW.length_bytes <= size_bytes
) THEN
    RAISE EXCEPTION 'the entitlement does not cover this distribution, or not these bytes'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
