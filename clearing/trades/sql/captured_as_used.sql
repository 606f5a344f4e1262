IF NEW.captured_price_minor <> (
    SELECT coalesce(sum(u.charged_minor), 0) FROM public.clearing_chargeplan p
      JOIN public.clearing_plannedcharge c ON c.plan_id = p.id AND c.charge = NEW.charge
      LEFT JOIN public.clearing_usagerecord u ON u.planned_id = c.id WHERE p.agreement = NEW.agreement
) THEN
    RAISE EXCEPTION 'the captured amount of % differs from its charged use', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
