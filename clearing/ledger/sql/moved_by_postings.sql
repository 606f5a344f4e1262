IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'balances are moved by postings only' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
