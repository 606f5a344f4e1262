SELECT public.signed_in_force(a.id, NEW.started_at) INTO said
  FROM public.delivery_entitlement e
  JOIN public.contracts_agreement a ON a.public_id = e.agreement
 WHERE e.id = NEW.entitlement_id;
IF NOT FOUND THEN
    RETURN NEW;
END IF;
IF (said #> '{plan,rights,enforced}' ? 'use_count_max')
   AND NEW.use_number IS DISTINCT FROM public.use_number(NEW.distribution_id, NEW.length_bytes) THEN
    RAISE EXCEPTION 'this is not the use that comes next'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'used_as_signed';
END IF;
IF {UNLAWFUL} THEN
    RAISE EXCEPTION 'this use is not within the rights that were signed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'used_as_signed';
END IF;
RETURN NEW;
