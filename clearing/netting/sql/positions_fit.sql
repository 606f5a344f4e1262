SELECT p.cycle_id INTO fault FROM new_rows p LEFT JOIN public.clearing_cycle c ON c.id = p.cycle_id
 WHERE c.state IS DISTINCT FROM 'validated' OR p.currency <> c.currency LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'positions of cycle % are not inserted at its netting, or not in its currency', fault.cycle_id
        USING ERRCODE = 'check_violation';
END IF;

SELECT p.public_id INTO fault FROM new_rows p
 WHERE (SELECT o.id FROM public.participants_organisation o WHERE o.id = p.organisation_id) IS NULL LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'position % names no organisation', fault.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
