SELECT e.reference INTO fault FROM new_rows e
 WHERE (SELECT p.id FROM public.clearing_posting p WHERE p.entry_id = e.id AND p.leg = 1) IS NULL LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'entry % has no postings', fault.reference USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
