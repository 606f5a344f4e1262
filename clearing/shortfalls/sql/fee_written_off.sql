IF NOT EXISTS (
    SELECT FROM public.clearing_obligation o JOIN public.clearing_cycle c ON c.id = o.cycle_id
     WHERE o.id = NEW.obligation_id AND o.kind = 'fee' AND o.deferred_from_id IS NOT NULL AND c.netted_at IS NULL
       AND (o.trade_id, o.debtor_id, o.amount_minor, o.currency)
           = (NEW.trade_id, NEW.organisation_id, NEW.amount_minor, NEW.currency)
) THEN
    RAISE EXCEPTION '% writes off what is no fee that was put off', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (
    SELECT FROM public.clearing_entry e JOIN public.clearing_posting p ON p.entry_id = e.id
      JOIN public.clearing_account a ON a.id = p.account_id AND a.kind = 'fees_receivable'
     WHERE e.reference = 'write_off:' || NEW.public_id AND p.amount_minor = -NEW.amount_minor
) THEN
    RAISE EXCEPTION '% is not posted', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
