IF (NEW.secure_by, NEW.halts_counted_until) IS DISTINCT FROM (OLD.secure_by, OLD.halts_counted_until) AND NOT EXISTS (
    SELECT FROM public.events_outboxevent e
     WHERE e.subject = NEW.agreement AND e.type = 'trade.funding_extended' AND e.data ->> 'trade' = NEW.trade
       AND (e.data ->> 'fund_by')::timestamptz = NEW.secure_by AND e.occurred_at = NEW.halts_counted_until
) THEN
    RAISE EXCEPTION 'the deadline of a charge moves only as clearing said'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'extended_as_told';
END IF;
RETURN NEW;
