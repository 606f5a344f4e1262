FOR lowered IN
    SELECT DISTINCT a.organisation_id, a.currency FROM public.clearing_posting p
      JOIN public.clearing_account a ON a.id = p.account_id AND a.kind = 'deposit'
     WHERE p.entry_id = NEW.id AND p.amount_minor > 0
LOOP
    PERFORM FROM public.clearing_guarantee g
      WHERE g.organisation_id = lowered.organisation_id AND g.currency = lowered.currency
      ORDER BY g.id FOR NO KEY UPDATE;
    IF {DEPOSIT} < {USED} THEN
        RAISE EXCEPTION 'entry % lowers a deposit below what is used of the limits that it backs', NEW.reference
            USING ERRCODE = 'check_violation';
    END IF;
END LOOP;
RETURN NULL;
