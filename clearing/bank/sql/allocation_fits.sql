IF NOT EXISTS (
    SELECT FROM public.clearing_bankentry e
     WHERE e.id = NEW.bank_entry_id AND e.direction = 'credit' AND e.match = 'unallocated'
       AND NOT EXISTS (SELECT FROM public.clearing_recoupment r WHERE r.bank_entry_id = e.id)
) THEN
    RAISE EXCEPTION 'bank entry % is not a receipt in suspense', NEW.bank_entry_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
