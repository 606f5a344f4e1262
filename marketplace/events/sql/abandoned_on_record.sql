IF NOT EXISTS (
    SELECT FROM public.events_abandonment a WHERE a.entry_key = NEW.id AND a.event_key = NEW.event_id
) THEN
    RAISE EXCEPTION 'an inbox entry is abandoned with a reason on record'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
