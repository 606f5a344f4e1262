SELECT n.reference INTO fault FROM new_rows n JOIN old_rows o ON o.id = n.id
 WHERE n.state = 'sending' AND o.state = 'planned' AND n.direction = 'out' AND CASE WHEN n.creditor_payment_id IS NULL
  THEN EXISTS (
    SELECT FROM public.clearing_setoffrestraint r
     WHERE r.organisation_id = n.organisation_id AND r.currency = n.currency AND r.kind = 'attachment' AND r.lifts_id IS NULL
       AND NOT EXISTS (SELECT FROM public.clearing_setoffrestraint l WHERE l.lifts_id = r.id)
    HAVING bool_or(r.amount_minor IS NULL) OR sum({UNPAID}) > coalesce((
        SELECT sum(i.amount_minor) FROM public.clearing_settlementinstruction i
         WHERE i.organisation_id = n.organisation_id AND i.currency = n.currency AND i.direction = 'out'
           AND i.creditor_payment_id IS NULL AND i.state = 'planned'), 0))
  ELSE EXISTS (
    SELECT FROM public.clearing_creditorpayment c JOIN public.clearing_setoffrestraint l ON l.lifts_id = c.restraint_id
     WHERE c.id = n.creditor_payment_id) END
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'payment % is attached and cannot be sent', fault.reference USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
