FOR needing IN SELECT n.currency, sum({NEEDED}) AS minor FROM ({ROWS}) n GROUP BY 1 ORDER BY 1 LOOP
    PERFORM FROM public.clearing_balance b JOIN public.clearing_account a ON a.id = b.account_id
      WHERE a.kind = 'own_funds' AND a.currency = needing.currency FOR UPDATE OF b;
    free_minor := {FREE};
    IF free_minor < needing.minor THEN
        RAISE EXCEPTION 'the operator has not enough money of its own on the client account in %', needing.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = '{CONSTRAINT}', DETAIL = (needing.minor - free_minor)::text;
    END IF;
END LOOP;
RETURN NULL;
