SELECT b.public_id, b.amount_minor INTO booked FROM public.clearing_bankentry b WHERE b.id = NEW.bank_entry_id;
SELECT (r.document -> 'parameters' ->> 'second_person_minor')::numeric INTO limit_minor
  FROM public.rules_rulebook r WHERE r.effective_from <= NEW.decided_at ORDER BY r.number DESC LIMIT 1;
SELECT o.public_id, o.is_operator INTO owner FROM public.participants_organisation o WHERE o.id = NEW.organisation_id;
IF owner.is_operator <> (NEW.reason <> '') THEN
    RAISE EXCEPTION 'the allocation of % says why without being to the operator, or the reverse', booked.public_id
        USING ERRCODE = 'check_violation';
END IF;
IF (owner.is_operator OR booked.amount_minor >= coalesce(limit_minor, {LIMIT_DEFAULT})) AND NOT EXISTS (
    SELECT FROM public.approvals_approval a
     WHERE a.subject = booked.public_id AND a.command = 'clearing.allocate_pay_in' AND a.state = 'approved'
       AND a.ended_by = NEW.decided_by
       AND a.payload @> jsonb_build_object('organisation', owner.public_id, 'reason', NEW.reason)
) THEN
    RAISE EXCEPTION 'the allocation of % was approved by no second person', booked.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
