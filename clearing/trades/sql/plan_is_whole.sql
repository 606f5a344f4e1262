SELECT p.agreement INTO fault
  FROM (SELECT plan_id, count(*) AS charges, min(charge) AS first, max(charge) AS last,
               sum(price_minor) AS total, min(price_minor) AS least, max(price_minor) AS most
          FROM new_rows GROUP BY plan_id) made
  JOIN public.clearing_chargeplan p ON p.id = made.plan_id
 WHERE (made.charges, made.first, made.last) IS DISTINCT FROM (p.charges::bigint, 1, p.charges)
    OR CASE p.charging WHEN 'instalment' THEN made.total <> p.price_minor
       ELSE made.least <> p.price_minor OR made.most <> p.price_minor END
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the charges of % differ from its plan', fault.agreement
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
