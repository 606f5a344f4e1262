SELECT e.reference INTO fault FROM new_rows e
 WHERE e.cycle_id IS NOT NULL
   AND (SELECT c.id FROM public.clearing_cycle c WHERE c.id = e.cycle_id) IS NULL LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'entry % names no cycle', fault.reference USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
