IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'a guarantee is changed by its reductions and its use only' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
