IF NOT EXISTS (
    SELECT FROM public.events_inboxentry i JOIN public.events_outboxevent e ON e.id = i.event_id
     WHERE i.id = NEW.entry_key AND i.event_id = NEW.event_key AND e.id = NEW.event_key AND i.state = 'parked'
       AND (e.public_id, i.handler, i.subscriber, i.subject) = (NEW.event, NEW.handler, NEW.subscriber, NEW.subject)
) THEN
    RAISE EXCEPTION 'only a parked inbox entry is abandoned' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
