SELECT p.cycle_id INTO fault FROM new_rows p JOIN public.clearing_cycle c ON c.id = p.cycle_id
 WHERE c.state <> 'validated' OR p.currency <> c.currency LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'positions of cycle % are not inserted at its netting, or not in its currency', fault.cycle_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
