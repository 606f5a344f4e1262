SELECT * INTO fault FROM (
    SELECT entry_id, currency, sum(amount_minor) AS total, count(*) AS postings FROM new_rows GROUP BY entry_id, currency
) summed
 WHERE total <> 0 OR (SELECT xact FROM public.clearing_entry e WHERE e.id = summed.entry_id)
                     IS DISTINCT FROM pg_current_xact_id()
    OR postings <> (SELECT count(*) FROM public.clearing_posting p
                     WHERE p.entry_id = summed.entry_id AND p.currency = summed.currency)
 LIMIT 1;
IF fault.total <> 0 THEN
    RAISE EXCEPTION 'postings of entry % in % sum to %, not to zero', fault.entry_id, fault.currency, fault.total
        USING ERRCODE = 'check_violation';
ELSIF FOUND THEN
    RAISE EXCEPTION 'entry % is complete or missing, nothing can be added to it', fault.entry_id
        USING ERRCODE = 'check_violation';
END IF;

SELECT array_agg(account_id ORDER BY account_id) AS accounts, array_agg(total ORDER BY account_id) AS totals,
       min(currency) AS first, max(currency) AS last
  INTO moved
  FROM (
    SELECT account_id, currency, sum(amount_minor)::bigint AS total FROM new_rows GROUP BY account_id, currency
) summed;
SELECT count(*) AS accounts, min(currency) AS first, max(currency) AS last
  INTO touched FROM public.clearing_account WHERE id = ANY(moved.accounts);
-- In one currency it is enough to compare the accounts as a set; otherwise each is looked up for its own.
IF (touched.accounts, touched.first, touched.last)
    IS DISTINCT FROM (cardinality(moved.accounts), moved.last, moved.first)
THEN
    SELECT min(named.account_id) FILTER (WHERE a.currency IS NULL) AS missing,
           min(named.account_id) FILTER (WHERE a.currency <> named.currency) AS foreign_currency
      INTO touched
      FROM (SELECT DISTINCT account_id, currency FROM new_rows) named
      LEFT JOIN LATERAL (SELECT currency FROM public.clearing_account WHERE id = named.account_id OFFSET 0) a ON true;
    IF touched.missing IS NOT NULL THEN
        RAISE EXCEPTION 'a posting names no account: %', touched.missing USING ERRCODE = 'check_violation';
    ELSIF touched.foreign_currency IS NOT NULL THEN
        RAISE EXCEPTION 'a posting is not in the currency of its account: %', touched.foreign_currency
            USING ERRCODE = 'check_violation';
    END IF;
END IF;

PERFORM FROM public.clearing_balance WHERE account_id = ANY(moved.accounts) ORDER BY account_id FOR UPDATE;
-- The total is found by the place of its account in the sorted array, not by a join, which would read all balances.
UPDATE public.clearing_balance b
   SET balance_minor = b.balance_minor + moved.totals[width_bucket(b.account_id, moved.accounts)]
 WHERE b.account_id = ANY(moved.accounts) AND moved.totals[width_bucket(b.account_id, moved.accounts)] <> 0;
RETURN NULL;
