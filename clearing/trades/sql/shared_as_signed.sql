SELECT a.public_id INTO fault FROM {PLANNED} AS planned(agreement)
  JOIN public.contracts_agreement a ON a.public_id = planned.agreement
  JOIN public.contracts_instrument i ON i.id = a.instrument_id
 CROSS JOIN LATERAL (SELECT i.content::jsonb -> 'plan' AS plan) said
 WHERE said.plan IS NOT NULL AND {DEPARTS}
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the proceeds of % are shared as the signed plan says', fault.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'shared_as_signed';
END IF;
RETURN NULL;
