IF NEW.confirmation_id IS NOT NULL THEN
    IF NOT EXISTS (
        SELECT FROM public.clearing_statementconfirmation c
          JOIN public.clearing_statementimport i ON i.id = c.statement_import_id
         WHERE c.id = NEW.confirmation_id AND c.sha256 = NEW.sha256 AND i.received_by = NEW.imported_by
           AND c.closing_balance_minor = NEW.closing_balance_minor
    ) THEN
        RAISE EXCEPTION 'the confirmation of statement % is of another file', NEW.public_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END IF;
SELECT (r.document -> 'parameters' ->> 'second_person_minor')::numeric INTO limit_minor
  FROM public.rules_rulebook r WHERE r.effective_from <= NEW.imported_at ORDER BY r.number DESC LIMIT 1;
SELECT coalesce(sum(s.credits_minor), 0) INTO unconfirmed_minor FROM public.clearing_bankstatement s
 WHERE s.currency = NEW.currency AND s.imported_on = NEW.imported_on AND s.confirmation_id IS NULL;
IF NEW.credits_minor > 0 AND unconfirmed_minor + NEW.credits_minor >= coalesce(limit_minor, {LIMIT_DEFAULT}) THEN
    RAISE EXCEPTION 'statement % with receipts of % % was confirmed by no second person', NEW.public_id,
        NEW.credits_minor, NEW.currency USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
