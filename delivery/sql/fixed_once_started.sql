SELECT state INTO present FROM public.delivery_entitlement WHERE id = NEW.entitlement_id FOR SHARE;
IF present <> 'requested' THEN
    RAISE EXCEPTION 'nothing is added to an entitlement after access started'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
