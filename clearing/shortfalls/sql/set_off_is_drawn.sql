IF (SELECT sum(s.amount_minor) FROM public.clearing_setoff s
     WHERE s.cycle_id = NEW.cycle_id AND s.organisation_id = NEW.organisation_id)
   IS DISTINCT FROM
   (SELECT sum(p.amount_minor) FROM public.clearing_entry e JOIN public.clearing_posting p ON p.entry_id = e.id
     WHERE e.cycle_id = NEW.cycle_id AND e.organisation_id = NEW.organisation_id AND e.kind = 'cover'
       AND p.line = 'drawn_payment' AND p.amount_minor > 0) THEN
    RAISE EXCEPTION 'set-off % is not drawn by the cover of its cycle', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
