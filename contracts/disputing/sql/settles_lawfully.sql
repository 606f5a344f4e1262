SELECT * INTO d FROM public.contracts_dispute WHERE id = NEW.dispute_id FOR NO KEY UPDATE;
SELECT * INTO a FROM public.contracts_agreement WHERE id = d.agreement_id;
other := CASE WHEN NEW.party <> d.opened_as THEN d.opened_as WHEN d.opened_as = 'seller' THEN 'buyer' ELSE 'seller' END;
IF TG_OP = 'INSERT' AND (coalesce(d.state <> 'open', true) OR (d.opened_as, NEW.outcome) NOT IN ({SETTLEMENTS})
   OR (NEW.party <> d.opened_as AND NEW.party <> (CASE d.opened_as WHEN 'seller' THEN 'buyer' ELSE 'seller' END))
   OR (NEW.outcome IN ({WITH_AMOUNT}) AND NEW.amount_minor IS NULL)
   OR (NEW.amount_minor IS NOT NULL AND NEW.outcome NOT IN ({MAY_HAVE_AMOUNT}))
   OR NEW.respond_by IS DISTINCT FROM public.end_of_period(NEW.proposed_at, 'P{SETTLEMENT_DAYS}D')
   OR (NEW.consequences ->> 'dispute', NEW.consequences ->> 'outcome', NEW.consequences -> 'amount_minor')
      IS DISTINCT FROM (d.public_id::text, NEW.outcome::text, coalesce(to_jsonb(NEW.amount_minor), 'null'))
   OR NOT {PROPOSER_ACTS}) THEN
    RAISE EXCEPTION 'a side of an open dispute proposes what may be agreed' USING ERRCODE = 'check_violation', CONSTRAINT = 'settles_lawfully';
END IF;
IF TG_OP = 'UPDATE' AND NEW.state = 'accepted' AND OLD.state <> 'accepted'
   AND (d.state <> 'open' OR public.business_now() >= NEW.respond_by OR NEW.answered_by IS NOT DISTINCT FROM NEW.proposed_by OR NOT {OTHER_ACTS}) THEN
    RAISE EXCEPTION 'the other side accepts a settlement, in time' USING ERRCODE = 'check_violation', CONSTRAINT = 'settles_lawfully';
END IF;
IF TG_OP = 'UPDATE' AND NEW.state = 'lapsed' AND OLD.state <> 'lapsed' AND public.business_now() < NEW.respond_by THEN
    RAISE EXCEPTION '% is still open to be accepted', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'settles_lawfully';
END IF;
RETURN NEW;
