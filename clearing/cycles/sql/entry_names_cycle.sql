SELECT e.reference INTO fault FROM new_rows e
 WHERE e.cycle_id IS NOT NULL
   AND (SELECT c.id FROM public.clearing_cycle c WHERE c.id = e.cycle_id) IS NULL LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'entry % names no cycle', fault.reference USING ERRCODE = 'check_violation';
END IF;
FOR named IN
    SELECT cycle_id, min(booked_at) AS first, max(booked_at) AS last FROM new_rows WHERE kind = 'cycle' GROUP BY cycle_id
LOOP
    SELECT part.booked_at INTO began FROM public.clearing_cyclepart part
     WHERE part.cycle_id = named.cycle_id AND part.part = 'entries';
    IF (named.first, named.last) <> (began, began)
       OR began IS NULL AND NOT public.is_business_present(named.first, named.last) THEN
        RAISE EXCEPTION 'entries of cycle % are not booked when its posting began', named.cycle_id
            USING ERRCODE = 'check_violation';
    END IF;
END LOOP;
RETURN NULL;
