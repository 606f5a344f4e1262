IF NOT EXISTS (
    SELECT FROM public.clearing_guaranteedpart g
     WHERE g.trade_id = NEW.trade_id AND g.paid_at IS NULL AND g.released_at IS NULL
) OR EXISTS (SELECT FROM public.clearing_obligation o WHERE o.source = NEW.source) THEN
    RAISE EXCEPTION 'correction % is not one that waits for a bill', NEW.source USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
