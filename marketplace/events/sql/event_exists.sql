IF EXISTS (
    SELECT FROM entered n WHERE NOT EXISTS (SELECT FROM public.events_outboxevent e WHERE e.id = n.event_id)
) THEN
    RAISE EXCEPTION 'an inbox entry belongs to an event of the outbox' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
