SELECT state, amends_id INTO n FROM public.contracts_negotiation WHERE id = NEW.negotiation_id FOR SHARE;
present := n.state;
-- What amends an agreement counts its periods from the conclusion of that.
since := coalesce((SELECT a.concluded_at FROM public.contracts_agreement a WHERE a.id = n.amends_id), NEW.made_at);
IF (NEW.effective_on IS NULL) <> (n.amends_id IS NULL)
   OR NEW.effective_on < (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date THEN
    RAISE EXCEPTION 'an amendment, and nothing else, states from which day on it holds, today or later'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_in_turn';
END IF;
SELECT coalesce(max(number), 0) INTO latest
    FROM public.contracts_proposal WHERE negotiation_id = NEW.negotiation_id;
IF NEW.number <> latest + 1 THEN
    RAISE EXCEPTION 'proposals are numbered without a gap' USING ERRCODE = 'check_violation';
END IF;
IF coalesce((NEW.terms ->> 'open_days')::integer NOT BETWEEN {LOWEST} AND {HIGHEST}, true)
   OR jsonb_typeof(NEW.terms -> 'withdrawal_reserved') IS DISTINCT FROM 'boolean' THEN
    RAISE EXCEPTION 'a proposal states for how long it is open once signed, and whether its withdrawal is reserved'
        USING ERRCODE = 'check_violation';
END IF;
IF coalesce(NEW.terms #>> '{ending,refund}' NOT IN ({REFUNDS})
   OR NOT (jsonb_typeof(NEW.terms #> '{ending,convenience_notice_days}') = 'null'
           OR (NEW.terms #>> '{ending,convenience_notice_days}')::integer BETWEEN {NOTICE_LOWEST} AND {NOTICE_HIGHEST}), true) THEN
    RAISE EXCEPTION 'a proposal states whether notice ends the contract, and what then comes back'
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.terms #>> '{ending,refund}' = '{PRO_RATA}' AND jsonb_typeof(NEW.terms #> '{ending,convenience_notice_days}') = 'number'
   AND coalesce(NEW.terms #>> '{charging,kind}', '') NOT IN ({DIVISIBLE}) THEN
    RAISE EXCEPTION 'only a price paid once or a period is returned by days' USING ERRCODE = 'check_violation';
END IF;
IF NEW.terms #>> '{ending,refund}' = '{PRO_RATA}' AND jsonb_typeof(NEW.terms #> '{ending,convenience_notice_days}') = 'number'
   AND coalesce(NEW.terms #>> '{rights,valid_until}', NEW.terms #>> '{rights,duration}') IS NULL THEN
    RAISE EXCEPTION 'of a use without an end no days are returned' USING ERRCODE = 'check_violation';
END IF;
IF NEW.terms -> 'charging' IS NOT NULL AND NOT (public.is_charging(NEW.terms -> 'charging')
   AND public.is_priced(NEW.terms -> 'charging', (NEW.terms ->> 'price_minor')::bigint)
   AND public.is_charged_in_time(NEW.terms -> 'charging', NEW.terms -> 'rights', since)
   AND public.is_paid_within_periods(NEW.terms -> 'charging', since, (NEW.terms ->> 'funding_days')::integer)) THEN
    RAISE EXCEPTION 'the terms of charging cannot be carried out' USING ERRCODE = 'check_violation';
END IF;
IF NEW.terms ? 'renewal' AND coalesce(NOT public.is_renewal(NEW.terms, since), true) THEN
    RAISE EXCEPTION 'the renewal that a proposal states cannot be carried out'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_in_turn';
END IF;
IF coalesce(NEW.terms ->> 'signature_level' NOT IN ({LEVELS}), true) THEN
    RAISE EXCEPTION 'a proposal states which level of signature it demands' USING ERRCODE = 'check_violation';
END IF;
IF NOT public.is_paid_in_time(NEW.terms -> 'rights', since, (NEW.terms ->> 'funding_days')::integer) THEN
    RAISE EXCEPTION 'the rights of use end before they are paid for' USING ERRCODE = 'check_violation';
END IF;
IF coalesce((present, NEW.party) NOT IN (('requested', 'buyer'), ('offered', 'seller')), true) THEN
    RAISE EXCEPTION 'a proposal is a request of the buyer or an offer of the seller, in turn'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
