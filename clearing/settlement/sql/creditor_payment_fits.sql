SELECT CASE
    WHEN r.id IS NULL OR r.kind <> 'attachment' OR r.lifts_id IS NOT NULL
      OR EXISTS (SELECT FROM public.clearing_setoffrestraint l WHERE l.lifts_id = r.id) THEN 'is of no attachment in force'
    WHEN i.id IS NULL OR i.direction <> 'out'
      OR (i.organisation_id, i.currency, NEW.currency) <> (r.organisation_id, r.currency, r.currency)
      OR NOT (i.creditor_payment_id IS NULL AND i.state = 'cancelled' AND i.cancelled_at = NEW.decided_at
              AND NEW.amount_minor + coalesce(m.amount_minor, 0) = i.amount_minor
           OR i.state = 'failed' AND NEW.amount_minor <= i.amount_minor AND c.restraint_id = r.id)
        THEN 'and the remainder are not an attached payment'
    WHEN NEW.amount_minor > {UNPAID} THEN 'is more than what is attached'
    WHEN NOT ({APPROVED}) THEN 'was approved by no second person'
    END INTO fault
  FROM (SELECT) nothing
  LEFT JOIN public.clearing_setoffrestraint r ON r.id = NEW.restraint_id
  LEFT JOIN public.clearing_settlementinstruction i ON i.id = NEW.payment_id
  LEFT JOIN public.clearing_creditorpayment c ON c.id = i.creditor_payment_id
  LEFT JOIN public.clearing_settlementinstruction m ON m.instead_of_id = i.id;
IF fault IS NOT NULL THEN
    RAISE EXCEPTION 'creditor payment % %', NEW.public_id, fault USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
