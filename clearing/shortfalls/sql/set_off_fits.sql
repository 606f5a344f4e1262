SELECT CASE
    WHEN i.id IS NULL OR i.state <> 'cancelled' OR i.direction <> 'out'
      OR (i.organisation_id, i.currency) <> (NEW.organisation_id, NEW.currency) THEN 'is of no cancelled payment'
    WHEN c.id IS NULL OR c.state <> 'validated' OR c.currency <> NEW.currency OR c.id IS NOT DISTINCT FROM i.cycle_id
        THEN 'is in no cycle that is being netted'
    WHEN coalesce(m.amount_minor, 0) + NEW.amount_minor <> i.amount_minor
      OR m.id IS NOT NULL AND (m.instead_of_id IS DISTINCT FROM i.id OR m.state <> 'planned')
      OR (m.id IS NULL) <> (NEW.remainder_id IS NULL) THEN 'and the remainder are not the payment'
    WHEN coalesce(m.amount_minor, 0) < least(i.amount_minor, protected.minor)
        THEN 'takes shares or the pay for commissioned data'
    WHEN {HELD}
      AND NOT EXISTS (SELECT FROM public.clearing_paymentpermission p WHERE p.payment_id = i.id)
        THEN 'is of a payment that sanctions hold back'
    END INTO fault
  FROM (SELECT) nothing
  LEFT JOIN public.clearing_settlementinstruction i ON i.id = NEW.instruction_id
  LEFT JOIN public.clearing_settlementinstruction m ON m.id = NEW.remainder_id
  LEFT JOIN public.clearing_cycle c ON c.id = NEW.cycle_id
  CROSS JOIN LATERAL ({PROTECTED}) protected;
IF fault IS NOT NULL THEN
    RAISE EXCEPTION 'set-off % %', NEW.public_id, fault USING ERRCODE = 'check_violation';
END IF;

SELECT coalesce(sum(s.amount_minor), 0) + NEW.amount_minor INTO total FROM public.clearing_setoff s
 WHERE s.cycle_id = NEW.cycle_id AND s.organisation_id = NEW.organisation_id;
SELECT coalesce(sum(p.amount_minor), 0) INTO planned FROM public.clearing_settlementinstruction p
 WHERE p.organisation_id = NEW.organisation_id AND p.currency = NEW.currency AND p.direction = 'out'
   AND p.creditor_payment_id IS NULL AND p.state = 'planned';
FOR held IN
    SELECT found.*, (SELECT coalesce(c.netted_at, i.planned_at) FROM public.clearing_settlementinstruction i
                       LEFT JOIN public.clearing_cycle c ON c.id = i.cycle_id WHERE i.id = NEW.instruction_id) AS owed_at
      FROM (SELECT NEW.cycle_id AS cycle_id) named CROSS JOIN LATERAL ({RESTRAINTS}) found
     WHERE found.organisation_id = NEW.organisation_id AND found.currency = NEW.currency
LOOP
    IF held.debts_before AND held.owed_at >= held.served_at
       OR {PASSES} THEN
        RAISE EXCEPTION 'set-off % passes a restraint of %', NEW.public_id, held.served_at
            USING ERRCODE = 'check_violation';
    END IF;
END LOOP;
RETURN NEW;
