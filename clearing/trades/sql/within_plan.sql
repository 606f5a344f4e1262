IF NOT EXISTS (
    SELECT FROM public.clearing_chargeplan p JOIN public.clearing_plannedcharge c ON c.plan_id = p.id
     WHERE p.agreement = NEW.agreement AND c.charge = NEW.charge AND p.charging = NEW.charging
       AND c.price_minor = NEW.price_minor AND p.currency = NEW.currency
       AND {LATEST}
) THEN
    RAISE EXCEPTION 'charge % of % differs from its plan', NEW.charge, NEW.agreement
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.charge > 1 AND NOT EXISTS (
    SELECT FROM public.clearing_trade WHERE agreement = NEW.agreement AND charge = NEW.charge - 1
) THEN
    RAISE EXCEPTION 'charge % of % would leave a gap', NEW.charge, NEW.agreement
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
