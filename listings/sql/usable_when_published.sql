IF NEW.state = 'published' AND EXISTS (
    SELECT FROM public.listings_offer o
    WHERE o.version_id = NEW.id
      AND (o.rights->>'valid_until')::date < (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date
) THEN
    RAISE EXCEPTION 'the rights of use of % ended before it was published', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'usable_when_published';
END IF;
RETURN NEW;
