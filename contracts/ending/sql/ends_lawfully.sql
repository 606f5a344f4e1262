SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
terms := public.signed_in_force(a.id, public.business_now()) -> 'terms';
SELECT coalesce(sum((CASE debtor WHEN 'seller' THEN 1 ELSE -1 END) * (amount_minor - coalesce(unmoved_minor, 0))), 0)
  INTO returned FROM public.contracts_adjustment WHERE agreement_id = a.id AND charge = (NEW.consequences ->> 'charge')::integer
   AND NOT starts_with(reason_code, '{CLAUSE_REASON}');
price := {PRICE};
today := (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date;
IF a.state IS DISTINCT FROM 'in_force' THEN
    RAISE EXCEPTION '% is not in force: nothing ends it', a.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_lawfully';
END IF;
IF NEW.last_day < today OR NEW.access_until IS DISTINCT FROM (NEW.last_day + 1)::timestamp AT TIME ZONE 'Asia/Tokyo'
   OR coalesce(NEW.access_until >= a.ends_at, false) THEN
    RAISE EXCEPTION 'an agreement ends with the end of its last day, today or later and before its term'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_lawfully';
END IF;
adjusted := {ADJUSTED};
IF coalesce((NEW.consequences ->> 'adjusted_minor')::bigint, 0) <> adjusted THEN
    RAISE EXCEPTION 'an ending divides the price as its clauses have adjusted it' USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_lawfully';
END IF;
IF NEW.refund_minor > 0 AND coalesce(NEW.refund_minor > price + adjusted - returned, true) THEN
    RAISE EXCEPTION 'what comes back of a charge never passes its price' USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_lawfully';
END IF;
IF (NEW.consequences ->> 'agreement', NEW.consequences ->> 'ground', NEW.consequences ->> 'refund', (NEW.consequences ->> 'last_day')::date,
    (NEW.consequences ->> 'refund_minor')::bigint, NEW.consequences ->> 'by_seller') IS DISTINCT FROM
   (a.public_id::text, NEW.ground::text, NEW.refund::text, NEW.last_day, NEW.refund_minor::bigint,
    (CASE WHEN NEW.ground = 'convenience' AND NEW.party = 'seller' THEN 'true' END)) THEN
    RAISE EXCEPTION 'an ending is what its consequences say' USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_lawfully';
END IF;
IF (NEW.state = 'proposed') <> (NEW.ground = 'mutual') OR NEW.answered_at IS NOT NULL THEN
    RAISE EXCEPTION 'only what both agree on waits for an answer' USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_lawfully';
END IF;
IF NEW.ground = 'convenience' AND coalesce(
    NEW.last_day < today + (terms #>> '{ending,convenience_notice_days}')::integer
    -- A notice by the seller returns by days what can be divided, whatever was agreed of one by the buyer.
    OR NEW.refund <> (CASE
        WHEN NEW.party <> 'seller' THEN terms #>> '{ending,refund}'
        WHEN a.ends_at IS NOT NULL AND coalesce(terms #>> '{charging,kind}', 'one_off') IN ({DIVISIBLE}) AND public.is_reducible(a.public_id)
        THEN 'pro_rata' ELSE 'none' END), true) THEN
    RAISE EXCEPTION 'the contract allows no such notice' USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_lawfully';
END IF;
IF NEW.ground <> 'law' AND NOT {ACTS} THEN
    RAISE EXCEPTION '% signs for no party that ends this agreement', NEW.proposed_by
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_lawfully';
END IF;
RETURN NEW;
