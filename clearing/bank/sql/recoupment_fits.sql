SELECT b.booked_as, b.instruction_id, e.currency, e.amount_minor - coalesce((
           SELECT sum(r.amount_minor) FROM public.clearing_recoupment o
             JOIN public.clearing_bankentry r ON r.id = o.bank_entry_id WHERE o.debit_id = b.id), 0) AS open_minor
  INTO reclaimed
  FROM public.clearing_debitbooking b JOIN public.clearing_bankentry e ON e.id = b.bank_entry_id
 WHERE b.id = NEW.debit_id;
SELECT e.direction, e.match, e.instruction_id, e.currency, e.amount_minor, EXISTS (
           SELECT FROM public.clearing_bankallocation a WHERE a.bank_entry_id = e.id) AS allocated
  INTO receipt
  FROM public.clearing_bankentry e WHERE e.id = NEW.bank_entry_id;
IF reclaimed.booked_as NOT IN ({RETURNABLE}) OR receipt.direction <> 'credit' OR receipt.allocated
   OR receipt.currency <> reclaimed.currency OR receipt.amount_minor > reclaimed.open_minor
   OR receipt.match NOT IN ('unallocated', 'recouped')
   OR receipt.match = 'recouped' AND receipt.instruction_id IS DISTINCT FROM reclaimed.instruction_id THEN
    RAISE EXCEPTION 'bank entry % does not return debit booking %', NEW.bank_entry_id, NEW.debit_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
