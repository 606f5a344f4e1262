SELECT (r.document -> 'parameters' ->> 'second_person_minor')::numeric INTO limit_minor
  FROM public.rules_rulebook r WHERE r.effective_from <= NEW.decided_at ORDER BY r.number DESC LIMIT 1;
IF (NEW.approval_id IS NOT NULL OR NEW.amount_minor >= coalesce(limit_minor, {LIMIT_DEFAULT})) AND NOT EXISTS (
    SELECT FROM public.approvals_approval a
      JOIN public.participants_organisation o ON o.public_id = a.subject AND o.id = NEW.organisation_id
     WHERE a.id = NEW.approval_id AND a.state = 'approved' AND a.command = CASE NEW.kind {COMMAND} END
       AND (a.amount_minor, a.currency, a.ended_by) = (NEW.amount_minor, NEW.currency, NEW.decided_by)
) THEN
    RAISE EXCEPTION 'decision % was approved by no second person', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
