SELECT e.reference INTO fault FROM new_rows e
 WHERE (SELECT p.id FROM public.clearing_posting p WHERE p.entry_id = e.id AND p.leg = 1) IS NULL LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'entry % has no postings', fault.reference USING ERRCODE = 'check_violation';
END IF;

SELECT e.reference INTO fault FROM new_rows e
 WHERE e.organisation_id IS NOT NULL
   AND (SELECT o.id FROM public.participants_organisation o WHERE o.id = e.organisation_id) IS NULL LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'entry % names no organisation', fault.reference USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
