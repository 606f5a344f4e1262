IF NEW.statement_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM public.clearing_bankstatement s
      JOIN public.clearing_statementimport i ON i.statement_id = s.id
      JOIN public.clearing_statementconfirmation c ON c.statement_import_id = i.id
     WHERE s.id = NEW.statement_id AND s.currency = NEW.currency
       AND (s.closing_on, s.closing_balance_minor, s.closing_balance_minor - s.ledger_balance_minor)
           = (NEW.stated_on, NEW.stated_minor, NEW.stated_difference_minor)
) THEN
    RAISE EXCEPTION 'segregation check % relies on a balance that nobody confirmed, or states another', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
IF coalesce(NEW.due_on, date '-infinity') < NEW.business_date - {GAP_DAYS_MAX} AND EXISTS (
    SELECT FROM public.clearing_clientaccount a WHERE a.currency = NEW.currency
       AND (a.registered_at AT TIME ZONE 'UTC')::date < NEW.business_date - {GAP_DAYS_MAX}
) THEN
    RAISE EXCEPTION 'segregation check % demands no balance of the days before %', NEW.public_id, NEW.business_date
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
