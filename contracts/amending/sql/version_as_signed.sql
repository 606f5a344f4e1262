SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
today := (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date;
IF a.state IS DISTINCT FROM 'in_force' OR EXISTS (
    SELECT FROM public.contracts_ending e WHERE e.agreement_id = a.id AND e.state = 'scheduled') THEN
    RAISE EXCEPTION '% does not stand: it takes no further version', a.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'version_as_signed';
END IF;
SELECT v.number, v.effective_at, v.said INTO last FROM public.signed_versions(a.id) v ORDER BY v.number DESC LIMIT 1;
SELECT content::jsonb INTO said FROM public.contracts_instrument WHERE id = NEW.instrument_id AND negotiation_id = NEW.negotiation_id;
SELECT array_agg(party ORDER BY party) INTO signers FROM public.contracts_signature
    WHERE instrument_id = NEW.instrument_id AND signed_hash = NEW.signed_hash;
IF NEW.kind = 'renewed' THEN
    SELECT v.*, d.content::jsonb AS document INTO r FROM public.contracts_renewal v JOIN public.contracts_renewaldocument d ON d.renewal_id = v.id
     WHERE d.id = NEW.renewal_id AND d.signed_hash = NEW.signed_hash;
    said := r.document;
    IF coalesce(r.agreement_id <> a.id OR r.state <> 'standing' OR r.kind <> 'automatic'
       OR r.notice_by > public.business_now() OR r.notice_by <> public.notice_of_renewal(last.said, a.concluded_at)
       OR r.turn > (last.said #>> '{terms,renewal,times_max}')::integer
       OR said #>> '{terms,rights,duration}' <> public.lasting_renewed(last.said)
       OR ((said #>> '{terms,charging,charges}')::integer - (last.said #>> '{terms,charging,charges}')::integer)
          * (last.said #>> '{terms,charging,period_months}')::integer <> (last.said #>> '{terms,renewal,months}')::integer
       OR NEW.from_charge <> (last.said #>> '{terms,charging,charges}')::integer + 1
       OR (said #- '{terms,rights,duration}' #- '{terms,charging,charges}') -> 'terms' <> (last.said #- '{terms,rights,duration}' #- '{terms,charging,charges}') -> 'terms'
       OR said - ARRAY['terms', 'plan', 'policy', 'text', 'amends', 'tax_rate_bp'] <> last.said - ARRAY['terms', 'plan', 'policy', 'text', 'amends', 'tax_rate_bp']
       OR last.said #>> '{terms,charging,kind}' <> 'subscription', true)
       OR NOT EXISTS (
        SELECT FROM public.signed_versions(a.id) v WHERE v.number = r.version
           AND (v.said #> '{terms,renewal}', v.said #> '{terms,rights,duration}') IS NOT DISTINCT FROM
               (last.said #> '{terms,renewal}', last.said #> '{terms,rights,duration}'))
       OR NOT EXISTS (SELECT FROM public.rules_decision c WHERE c.public_id = NEW.decision AND c.subject = r.public_id AND c.point = 'conclusion')
       OR {HELD} THEN
        RAISE EXCEPTION '% is renewed by the clause that both signed, for its months exactly, where no party refused in time', a.public_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'version_as_signed';
    END IF;
    IF public.is_halted(a.listing::text, a.segment::text) OR public.admission_ran_out(a.buyer_id, a.segment::text, 'buyer')
       OR public.admission_ran_out(a.seller_id, a.segment::text, 'seller')
       OR EXISTS (SELECT FROM public.listings_listing l WHERE l.public_id = a.listing AND l.state = 'withdrawn') THEN
        RAISE EXCEPTION '% is not renewed: trading is halted, its listing was withdrawn, or an admission has ended', a.public_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'version_as_signed';
    END IF;
ELSIF signers IS DISTINCT FROM ARRAY['buyer', 'seller'] OR NOT EXISTS (
    SELECT FROM public.contracts_negotiation n
     WHERE n.id = NEW.negotiation_id AND n.amends_id = a.id AND n.state = 'verified') THEN
    RAISE EXCEPTION 'a version needs the signatures of both parties over one instrument'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'version_as_signed';
END IF;
IF (NEW.number::integer, said #>> '{amends,replaces}') IS DISTINCT FROM
   (last.number + 1, CASE last.number WHEN 1 THEN a.signed_hash ELSE (
        SELECT v.signed_hash FROM public.contracts_agreementversion v WHERE v.agreement_id = a.id AND v.number = last.number) END)
   OR (said #>> '{amends,version}')::integer IS DISTINCT FROM NEW.number::integer THEN
    RAISE EXCEPTION 'versions of % follow each other, and each replaces the last', a.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'version_as_signed';
END IF;
IF ((said #>> '{amends,effective_on}')::date, (said #>> '{amends,from_charge}')::integer) IS DISTINCT FROM
   (NEW.effective_on, NEW.from_charge::integer)
   OR NEW.effective_at IS DISTINCT FROM NEW.effective_on::timestamp AT TIME ZONE 'Asia/Tokyo'
   OR NEW.effective_on < today OR last.number > 1 AND NEW.effective_at < last.effective_at
   OR coalesce(NEW.effective_at >= a.ends_at, false) THEN
    RAISE EXCEPTION 'a version takes effect when it says, today or later, after the one before and before the agreement ends'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'version_as_signed';
END IF;
IF NEW.ends_at IS DISTINCT FROM public.end_as_amended(
        last.said #> '{terms,rights}', said #> '{terms,rights}', a.concluded_at, a.ends_at)
   OR coalesce(NEW.ends_at <= greatest(NEW.effective_at, public.business_now()), false) THEN
    RAISE EXCEPTION 'an agreement ends when the rights of its version end, after that took effect'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'version_as_signed';
END IF;
IF last.said #> '{plan,commission}' IS NOT NULL OR said #> '{plan,commission}' IS NOT NULL OR last.said #>> '{plan,money,charging}' = 'metered'
   OR last.said #> '{plan,money,adjustments}' IS NOT NULL OR public.was_pooled(a.listing::text, a.concluded_at) THEN
    RAISE EXCEPTION 'commissioned work, metered use, prices that clauses adjust, and what a pool sells are not amended: %', a.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'version_as_signed';
END IF;
charge := said #> '{plan,money,charges}' -> (NEW.from_charge::integer - 1);
IF jsonb_array_length(said #> '{plan,money,charges}') < NEW.from_charge - 1
   OR jsonb_array_length(last.said #> '{plan,money,charges}') < NEW.from_charge - 1
   OR charge IS NOT NULL AND coalesce((charge ->> 'due_on')::date, ((a.concluded_at AT TIME ZONE 'Asia/Tokyo')::date
        + make_interval(months => (charge ->> 'months')::integer))::date) < greatest(today + 1, NEW.effective_on)
   OR (said #> '{terms,currency}', said #> '{terms,tax_category}', said #> '{terms,inspection_days}', said #> '{plan,money,charging}',
       said #> '{plan,money,period_months}', said #> '{plan,money,first_period_from}', said #> '{plan,money,unit_price_minor}',
       said #> '{plan,money,shares}', said #> '{plan,money,adjustments}', coalesce(said #> '{terms,rights,exclusive}', 'false'),
       said #> '{terms,rights,onward_transfer}', said #> '{terms,rights,delete_at_end}')
      IS DISTINCT FROM
      (last.said #> '{terms,currency}', last.said #> '{terms,tax_category}', last.said #> '{terms,inspection_days}',
       last.said #> '{plan,money,charging}', last.said #> '{plan,money,period_months}', last.said #> '{plan,money,first_period_from}',
       last.said #> '{plan,money,unit_price_minor}', last.said #> '{plan,money,shares}', last.said #> '{plan,money,adjustments}',
       coalesce(last.said #> '{terms,rights,exclusive}', 'false'), last.said #> '{terms,rights,onward_transfer}',
       last.said #> '{terms,rights,delete_at_end}')
   OR said #>> '{plan,money,charging}' IN ('one_off', 'instalment')
      AND said #> '{plan,money,charges}' IS DISTINCT FROM last.said #> '{plan,money,charges}' THEN
    RAISE EXCEPTION 'nothing that is due changes, nor in what rhythm % is charged', a.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'version_as_signed';
END IF;
RETURN NEW;
