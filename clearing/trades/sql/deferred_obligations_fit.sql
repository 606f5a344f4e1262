IF NOT EXISTS (
    SELECT FROM public.clearing_obligation o JOIN public.clearing_cycle c ON c.id = o.cycle_id
     WHERE o.id = NEW.deferred_from_id AND c.state = 'validated' AND c.id <> NEW.cycle_id
       AND o.kind NOT IN ({NEVER_DEFERRED})
       AND (o.trade_id, o.kind, o.debtor_id, o.creditor_id, o.currency)
         = (NEW.trade_id, NEW.kind, NEW.debtor_id, NEW.creditor_id, NEW.currency)
) THEN
    RAISE EXCEPTION 'a deferral of obligation % differs from it', NEW.deferred_from_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
