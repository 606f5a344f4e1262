IF NOT EXISTS (
    SELECT FROM public.clearing_bankentry e
      LEFT JOIN public.clearing_settlementinstruction i ON i.id = NEW.instruction_id
     WHERE e.id = NEW.bank_entry_id AND e.direction = 'debit' AND e.match = 'unallocated'
       AND (NEW.instruction_id IS NULL
            OR (i.direction, i.amount_minor, i.currency, i.organisation_id)
               = ('out', e.amount_minor, e.currency, NEW.organisation_id)
            AND (i.state = 'confirmed'
                 OR i.state = 'failed' AND (e.instruction_id, e.mismatch_code) = (i.id, 'failed_carried_out')
                 OR i.state = 'failed' AND EXISTS (
                    SELECT FROM public.clearing_settlementinstruction again
                     WHERE again.instead_of_id = i.id AND again.state <> 'cancelled')))
) THEN
    RAISE EXCEPTION 'debit % is not in suspense, or its payment was not carried out otherwise', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
