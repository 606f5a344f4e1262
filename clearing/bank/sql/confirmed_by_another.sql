IF NOT EXISTS (
    SELECT FROM public.clearing_statementimport i
     WHERE i.id = NEW.statement_import_id AND i.state IN ('awaiting_confirmation', 'imported') AND i.sha256 = NEW.sha256
       AND i.closing_balance_minor = NEW.closing_balance_minor AND NEW.confirmed_by NOT IN (i.received_by, i.received_responsible)
) THEN
    RAISE EXCEPTION 'a statement that waits or is imported is confirmed by another person than its uploader, by its hash and closing'
        ' balance' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
