IF NEW.approval_id IS NOT NULL THEN
    IF NOT EXISTS (
        SELECT FROM public.approvals_approval a
         WHERE a.id = NEW.approval_id AND a.state = 'approved' AND a.ended_by = NEW.given_by
           AND (a.command, a.subject, a.amount_minor, a.currency)
             = (NEW.command, NEW.subject, NEW.amount_minor, NEW.currency)
    ) THEN
        RAISE EXCEPTION 'command % on % names an approval of another command', NEW.command, NEW.subject
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END IF;
{COMMAND_LOCK}
SELECT (r.document -> 'parameters' ->> 'second_person_minor')::numeric INTO limit_minor
  FROM public.rules_rulebook r WHERE r.effective_from <= NEW.given_at ORDER BY r.number DESC LIMIT 1;
SELECT coalesce(sum(c.amount_minor), 0) INTO alone_minor FROM public.clearing_moneycommand c
 WHERE c.command = NEW.command AND c.payee = NEW.payee AND c.currency = NEW.currency AND c.given_on = NEW.given_on
   AND c.approval_id IS NULL;
IF alone_minor + NEW.amount_minor >= coalesce(limit_minor, {LIMIT_DEFAULT}) THEN
    RAISE EXCEPTION 'command % on % takes what one person gave on % to % %', NEW.command, NEW.subject, NEW.given_on,
        alone_minor + NEW.amount_minor, NEW.currency USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
