SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR SHARE;
IF coalesce(a.state = 'terminated' AND a.termination_reason NOT IN ({INSPECTED_ON}), true) THEN
    RAISE EXCEPTION 'a dispute is opened over an agreement in force or expired, or while what was received is inspected'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disputed_lawfully';
END IF;
IF (NEW.opened_as, NEW.reason_code) NOT IN ({REASONS}) THEN
    RAISE EXCEPTION 'a % does not dispute for the reason %', NEW.opened_as, NEW.reason_code
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disputed_lawfully';
END IF;
IF {DAYS_DEPART} THEN
    RAISE EXCEPTION 'a dispute is answered within {ANSWER_DAYS} days and decided within {DECISION_DAYS}, counted from its opening'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disputed_lawfully';
END IF;
IF NEW.opened_as = 'third_party' AND (NEW.third_party_id IN (a.buyer_id, a.seller_id) OR NOT EXISTS (
    SELECT FROM public.listings_stake s
      JOIN public.listings_listing l ON l.id = s.listing_id
      JOIN public.participants_organisation o ON o.public_id = s.holder
     WHERE s.public_id = NEW.stake AND s.ended_at IS NULL AND l.public_id = a.listing AND o.id = NEW.third_party_id)) THEN
    RAISE EXCEPTION 'a third party disputes by a stake of its own in the listing'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disputed_lawfully';
END IF;
IF EXISTS (SELECT FROM public.contracts_dispute e WHERE e.agreement_id = NEW.agreement_id AND e.opened_as = NEW.opened_as
            AND e.reason_code = NEW.reason_code AND e.accepted_at = NEW.accepted_at AND e.state <> 'open') THEN
    RAISE EXCEPTION 'what was accepted is disputed once for each reason'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disputed_lawfully';
END IF;
IF NEW.accepted_at IS NOT NULL THEN
    SELECT (d.value ->> 'amount')::integer INTO days
      FROM public.contracts_instrument i
      CROSS JOIN LATERAL jsonb_array_elements(i.content::jsonb #> '{plan,deadlines}') AS d(value)
     WHERE i.id = a.instrument_id AND d.value ->> 'what' = 'dispute';
    IF (NEW.opened_as <> 'buyer')
       OR coalesce(public.business_now() >= public.end_of_period(NEW.accepted_at, 'P' || days || 'D'), true) THEN
        RAISE EXCEPTION 'the buyer disputes what was accepted within the days of the plan'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'disputed_lawfully';
    END IF;
END IF;
IF NEW.accepted_at < a.concluded_at THEN
    RAISE EXCEPTION 'nothing is accepted before the conclusion' USING ERRCODE = 'check_violation', CONSTRAINT = 'disputed_lawfully';
END IF;
RETURN NEW;
