FOR grown IN
    SELECT DISTINCT a.currency FROM public.clearing_account a
     WHERE a.id = ANY(ARRAY(
        SELECT account_id FROM (
            SELECT account_id, side, balance_minor FROM new_rows
            UNION ALL SELECT account_id, side, -balance_minor FROM old_rows
        ) moved
         WHERE side = 1 OR account_id IN (
            SELECT id FROM public.clearing_account WHERE organisation_id IS NULL AND kind = 'reserve')
         GROUP BY account_id HAVING sum(balance_minor) > 0))
     ORDER BY a.currency
LOOP
    SELECT -b.balance_minor INTO reserve FROM public.clearing_balance b
      JOIN public.clearing_account a ON a.id = b.account_id
     WHERE a.kind = 'reserve' AND a.currency = grown.currency FOR UPDATE OF b;
    SELECT sum(b.balance_minor) INTO lent FROM public.clearing_balance b
      JOIN public.clearing_account a ON a.id = b.account_id
     WHERE a.kind = 'claim' AND a.currency = grown.currency;
    IF coalesce(lent, 0) > coalesce(reserve, 0) THEN
        RAISE EXCEPTION 'claims of % in % exceed the reserve of %', lent, grown.currency, reserve
            USING ERRCODE = 'check_violation';
    END IF;
END LOOP;
RETURN NULL;
