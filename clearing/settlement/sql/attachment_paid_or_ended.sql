IF NEW.creditor_payment_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM public.clearing_creditorpayment c
      JOIN public.clearing_setoffrestraint r ON r.id = c.restraint_id
      JOIN public.clearing_settlementinstruction taken ON taken.id = c.payment_id
     WHERE c.id = NEW.creditor_payment_id AND NOT EXISTS (
           SELECT FROM public.clearing_setoffrestraint l WHERE l.lifts_id = r.id)
       AND (r.organisation_id, c.currency) = (NEW.organisation_id, NEW.currency)
       AND coalesce(NEW.amount_minor <= {UNPAID}, true)
       AND NEW.amount_minor + coalesce((
           SELECT sum(i.amount_minor) FROM public.clearing_settlementinstruction i
            WHERE i.creditor_payment_id = c.id AND i.state NOT IN ('failed', 'cancelled')), 0) <= c.amount_minor
       AND CASE WHEN taken.state = 'cancelled' AND NEW.instead_of_id IS NULL THEN true
                ELSE NEW.instead_of_id = taken.id OR c.id = (
                    SELECT f.creditor_payment_id FROM public.clearing_settlementinstruction f
                     WHERE f.id = NEW.instead_of_id) END
) THEN
    RAISE EXCEPTION 'payment % pays more to a creditor than was decided', NEW.reference USING ERRCODE = 'check_violation';
END IF;
IF NEW.creditor_payment_id IS NULL AND NOT EXISTS (
    SELECT FROM public.clearing_settlementinstruction f
      LEFT JOIN public.clearing_creditorpayment c ON c.id = f.creditor_payment_id
     WHERE f.id = NEW.instead_of_id AND f.purpose = 'attachment' AND (c.id IS NULL OR EXISTS (
           SELECT FROM public.clearing_setoffrestraint l WHERE l.lifts_id = c.restraint_id))
) THEN
    RAISE EXCEPTION 'payment % gives its payee what is attached', NEW.reference USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
