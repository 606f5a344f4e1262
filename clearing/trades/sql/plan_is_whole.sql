SELECT p.agreement INTO fault
  FROM (SELECT plan_id, version, count(*) AS charges, min(charge) AS first, max(charge) AS last,
               sum(price_minor) AS total, min(price_minor) AS least, max(price_minor) AS most
          FROM new_rows GROUP BY plan_id, version) made
  JOIN public.clearing_chargeplan p ON p.id = made.plan_id
  LEFT JOIN public.clearing_chargeamendment m ON m.plan_id = made.plan_id AND m.version = made.version
 WHERE CASE WHEN made.version = 1 THEN
        (made.charges, made.first, made.last) IS DISTINCT FROM (p.charges::bigint, 1, p.charges)
        OR CASE p.charging WHEN 'instalment' THEN made.total <> p.price_minor
           ELSE made.least <> p.price_minor OR made.most <> p.price_minor END
       ELSE (made.charges, made.first, made.last) IS DISTINCT FROM
            ((m.charges - m.from_charge + 1)::bigint, m.from_charge, m.charges)
        OR p.charging NOT IN ('subscription', 'metered')
        OR made.least <> m.price_minor OR made.most <> m.price_minor END
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the charges of % differ from its plan', fault.agreement
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
