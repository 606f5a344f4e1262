SELECT n.reference INTO fault FROM new_rows n JOIN old_rows o ON o.id = n.id
 WHERE n.state = 'sending' AND o.state = 'planned' AND n.direction = 'out' AND EXISTS (
    SELECT FROM public.clearing_setoffrestraint r
     WHERE r.organisation_id = n.organisation_id AND r.currency = n.currency AND r.kind = 'attachment' AND r.lifts_id IS NULL
       AND NOT EXISTS (SELECT FROM public.clearing_setoffrestraint l WHERE l.lifts_id = r.id)
    HAVING bool_or(r.amount_minor IS NULL) OR sum(r.amount_minor) > coalesce((
        SELECT sum(i.amount_minor) FROM public.clearing_settlementinstruction i
         WHERE i.organisation_id = n.organisation_id AND i.currency = n.currency AND i.direction = 'out'
           AND i.state = 'planned'), 0))
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'payment % is attached and cannot be sent', fault.reference USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
