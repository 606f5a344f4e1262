SELECT s.plan_id INTO fault FROM public.clearing_plannedshare s
 WHERE s.plan_id IN (SELECT plan_id FROM new_rows)
 GROUP BY s.plan_id HAVING sum(s.share_bp) > 10000 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'shares of plan % exceed the whole', fault.plan_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
