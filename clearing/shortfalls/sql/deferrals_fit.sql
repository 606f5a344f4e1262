SELECT d.obligation_id INTO fault FROM new_rows d
  JOIN public.clearing_obligation o ON o.id = d.obligation_id
  JOIN public.clearing_obligation n ON n.id = d.next_id
  JOIN public.clearing_cycle c ON c.id = d.cycle_id
 WHERE o.cycle_id <> d.cycle_id OR c.state <> 'validated'
    OR n.deferred_from_id IS DISTINCT FROM o.id
    OR n.amount_minor + n.tax_minor <> d.amount_minor + d.tax_minor
    OR (o.kind <> 'fee' AND (d.amount_minor > o.amount_minor OR d.tax_minor > o.tax_minor))
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the deferral of obligation % differs from the obligation that continues it', fault.obligation_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
