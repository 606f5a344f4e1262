IF NEW.state = 'published' AND EXISTS (
    SELECT FROM public.listings_offer o
    WHERE o.version_id = NEW.id
      AND NOT (public.is_paid_in_time(o.rights, public.business_now(), o.funding_days)
               AND public.is_charged_in_time(o.charging, o.rights, public.business_now())
               AND public.is_paid_within_periods(o.charging, public.business_now(), o.funding_days))
) THEN
    RAISE EXCEPTION 'the rights of use of % ended before it was published, or end before they are paid for', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'usable_when_published';
END IF;
RETURN NEW;
