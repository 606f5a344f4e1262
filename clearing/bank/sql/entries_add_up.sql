SELECT s.public_id INTO fault
  FROM public.clearing_bankstatement s
 CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE e.direction = 'credit') AS credits,
           count(*) FILTER (WHERE e.direction = 'debit') AS debits,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 'credit'), 0) AS credits_minor,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.direction = 'debit'), 0) AS debits_minor,
           bool_and(e.currency = s.currency AND e.booked_on BETWEEN s.opening_on AND s.closing_on) AS within
      FROM public.clearing_bankentry e WHERE e.statement_id = s.id
 ) f
 WHERE s.id IN (SELECT n.statement_id FROM new_rows n)
   AND ((f.credits, f.debits, f.credits_minor, f.debits_minor)
        IS DISTINCT FROM (s.credits, s.debits, s.credits_minor, s.debits_minor) OR NOT f.within)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the entries of statement % differ from its totals, currency or period', fault.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
