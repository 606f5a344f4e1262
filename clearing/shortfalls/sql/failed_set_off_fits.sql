SELECT sum(p.amount_minor) INTO drawn FROM public.clearing_posting p
 WHERE p.entry_id = NEW.id AND p.line = 'drawn_receivable' AND p.amount_minor > 0;
IF drawn IS NULL THEN
    RETURN NULL;
END IF;
IF {HELD} THEN
    RAISE EXCEPTION 'cover % is of a failed payment that sanctions hold back', NEW.reference USING ERRCODE = 'check_violation';
END IF;
SELECT c.currency INTO money FROM public.clearing_cycle c WHERE c.id = NEW.cycle_id;
unclaimed := {UNCLAIMED};
IF unclaimed < 0 THEN
    RAISE EXCEPTION 'cover % takes what payments pay', NEW.reference USING ERRCODE = 'check_violation';
END IF;
SELECT coalesce(sum(p.amount_minor), 0) INTO planned FROM public.clearing_settlementinstruction p
 WHERE p.organisation_id = NEW.organisation_id AND p.currency = money AND p.direction = 'out'
   AND p.creditor_payment_id IS NULL AND p.state = 'planned';
FOR held IN
    SELECT found.* FROM (SELECT NEW.cycle_id AS cycle_id) named CROSS JOIN LATERAL ({RESTRAINTS}) found
     WHERE found.organisation_id = NEW.organisation_id AND found.currency = money
LOOP
    IF unclaimed < held.owed_after_minor OR {PASSES} THEN
        RAISE EXCEPTION 'cover % passes a restraint of %', NEW.reference, held.served_at USING ERRCODE = 'check_violation';
    END IF;
END LOOP;
RETURN NULL;
