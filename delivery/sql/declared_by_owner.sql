IF TG_OP = 'UPDATE' AND NEW.withdrawn_at IS NOT DISTINCT FROM OLD.withdrawn_at AND NEW.withdrawn_by = OLD.withdrawn_by THEN
    RETURN NULL;
END IF;
SELECT buyer_id INTO of_buyer FROM public.delivery_entitlement WHERE id = NEW.entitlement_id;
acting := CASE WHEN TG_OP = 'INSERT' THEN NEW.declared_by ELSE NEW.withdrawn_by END;
IF NOT ({OWNER}) OR (TG_OP = 'INSERT' AND NEW.withdrawn_at IS NOT NULL) THEN
    RAISE EXCEPTION '% is no owner of the buyer who may declare who has access, with a second factor that was proved just now', acting
        USING ERRCODE = 'check_violation', CONSTRAINT = 'declared_by_owner';
END IF;
IF TG_OP = 'INSERT' AND NOT EXISTS (
       SELECT FROM public.participants_membership m JOIN public.participants_user u ON u.id = m.user_id
        WHERE u.public_id = NEW.recipient AND m.organisation_id = of_buyer AND m.ended_at IS NULL)
   AND NOT EXISTS (
       SELECT FROM public.participants_application p
        WHERE p.public_id = NEW.recipient AND p.organisation_id = of_buyer AND p.revoked_at IS NULL) THEN
    RAISE EXCEPTION '% is no member or program of the buyer', NEW.recipient
        USING ERRCODE = 'check_violation', CONSTRAINT = 'declared_by_owner';
END IF;
IF TG_OP = 'INSERT' AND (SELECT count(*) > {DECLARATIONS_MAX} FROM public.delivery_declaredrecipient c
                          WHERE c.entitlement_id = NEW.entitlement_id) THEN
    RAISE EXCEPTION 'a delivery has at most {DECLARATIONS_MAX} declarations' USING ERRCODE = 'check_violation', CONSTRAINT = 'declared_by_owner';
END IF;
RETURN NULL;
