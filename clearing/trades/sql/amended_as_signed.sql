SELECT v.said -> 'plan' AS plan, v.from_charge, p.agreement INTO signed
  FROM public.clearing_chargeplan p JOIN public.contracts_agreement a ON a.public_id = p.agreement
  CROSS JOIN LATERAL public.signed_versions(a.id) v
 WHERE p.id = NEW.plan_id AND v.number = NEW.version;
IF NOT FOUND OR (NEW.from_charge, NEW.charges, NEW.price_minor, NEW.funding_days) IS DISTINCT FROM
   (signed.from_charge, jsonb_array_length(signed.plan #> '{money,charges}'), (signed.plan #>> '{money,price_minor}')::bigint,
    (signed.plan #>> '{money,funding_days}')::integer) THEN
    RAISE EXCEPTION 'coming charges change as both parties signed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'amended_as_signed';
END IF;
IF EXISTS (SELECT FROM public.clearing_trade t WHERE t.agreement = signed.agreement AND t.charge >= NEW.from_charge) THEN
    RAISE EXCEPTION 'a charge of % that is a trade already does not change', signed.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'amended_as_signed';
END IF;
RETURN NEW;
