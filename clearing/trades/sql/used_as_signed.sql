SELECT n.usage INTO fault FROM new_rows n
  JOIN public.contracts_agreement a ON a.public_id = n.agreement
  JOIN public.contracts_instrument i ON i.id = a.instrument_id
 CROSS JOIN LATERAL (SELECT i.content::jsonb -> 'plan' AS plan, (a.concluded_at AT TIME ZONE 'Asia/Tokyo')::date AS concluded_on) said
 WHERE n.planned_id IS NOT NULL AND said.plan #>> '{money,unit_price_minor}' IS NOT NULL AND {DEPARTS}
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'use % is priced as the signed plan says', fault.usage
        USING ERRCODE = 'check_violation', CONSTRAINT = 'used_as_signed';
END IF;
RETURN NULL;
