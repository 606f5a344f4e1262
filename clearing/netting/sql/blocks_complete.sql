SELECT b.cycle_id, b.tree INTO fault FROM new_rows b JOIN public.clearing_cycle c ON c.id = b.cycle_id
 GROUP BY b.cycle_id, b.tree, c.state
HAVING min(b.index) <> 0 OR max(b.index) <> count(*) - 1
    OR bool_or(b.lines < {BLOCK_LINES} AND b.index < (
        SELECT max(o.index) FROM new_rows o WHERE o.cycle_id = b.cycle_id AND o.tree = b.tree))
    OR c.state <> CASE b.tree WHEN 'trades' THEN 'closing' ELSE 'validated' END
    OR count(*) <> (SELECT count(*) FROM public.clearing_proofblock all_rows
                     WHERE all_rows.cycle_id = b.cycle_id AND all_rows.tree = b.tree)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the blocks of the % of cycle % are incomplete, or inserted in another step',
        fault.tree, fault.cycle_id USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
