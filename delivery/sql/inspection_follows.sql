SELECT state INTO present FROM public.delivery_entitlement WHERE id = NEW.entitlement_id FOR SHARE;
IF present IN ('completed', 'terminated') THEN
    RAISE EXCEPTION 'no inspection begins once access is over'
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.round > 1 AND NOT EXISTS (
    SELECT FROM public.delivery_inspection
    WHERE entitlement_id = NEW.entitlement_id AND round = NEW.round - 1 AND state = 'repeated'
) THEN
    RAISE EXCEPTION 'an inspection follows a round that is to be delivered again'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
