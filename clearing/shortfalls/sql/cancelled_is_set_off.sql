IF NEW.purpose <> 'own_money' AND NOT EXISTS (SELECT FROM public.clearing_setoff WHERE instruction_id = NEW.id)
   AND NOT {TO_CREDITOR} AND NOT {WITHDRAWN} THEN
    RAISE EXCEPTION 'payment % is cancelled without a set-off, and what it replaces was not carried out', NEW.reference USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
