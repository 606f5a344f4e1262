IF NOT EXISTS (
    SELECT FROM public.clearing_obligation o JOIN public.clearing_cycle c ON c.id = o.cycle_id
     WHERE o.id = NEW.obligation_id AND o.kind = 'fee' AND o.deferred_from_id IS NOT NULL AND c.netted_at IS NULL
       AND (o.trade_id, o.debtor_id, o.amount_minor, o.currency)
           = (NEW.trade_id, NEW.organisation_id, NEW.amount_minor, NEW.currency)
) THEN
    RAISE EXCEPTION '% writes off what is no fee that was put off', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
