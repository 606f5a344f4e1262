IF NOT public.restoration_is_counted() THEN
    RAISE EXCEPTION 'no payment can be planned: the restoration of the database is not counted'
        USING ERRCODE = 'check_violation';
END IF;
SELECT named.reference INTO fault FROM new_rows named
 WHERE named.restoration <> (SELECT coalesce(max(r.number), 0) FROM public.clearing_restoration r) LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'payment % does not name the newest restoration', fault.reference
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
