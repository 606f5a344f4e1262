IF NOT EXISTS (
    SELECT FROM public.clearing_bankstatement s JOIN public.clearing_restoration r ON r.id = NEW.restoration_id
     WHERE s.public_id = NEW.statement AND s.currency = NEW.currency
       AND s.closing_balance_minor = s.ledger_balance_minor AND s.recorded_at > r.recorded_at
       AND s.closing_on >= (r.happened_at AT TIME ZONE 'UTC')::date
) THEN
    RAISE EXCEPTION 'sending in % cannot be opened by statement %: it was not imported after the restoration, does not'
        ' reach its day, or its closing balance differs from the ledger', NEW.currency, NEW.statement
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
