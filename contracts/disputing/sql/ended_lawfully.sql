SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.agreement_id;
answered := EXISTS (
    SELECT FROM public.contracts_statement s WHERE s.dispute_id = NEW.id AND s.kind = 'answer');
IF NEW.unanswered_at IS NOT NULL AND OLD.unanswered_at IS NULL AND (answered OR public.business_now() < NEW.answer_by) THEN
    RAISE EXCEPTION 'silence is recorded after the time to answer' USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_lawfully';
END IF;
IF NEW.state = OLD.state AND NEW.expels IS DISTINCT FROM OLD.expels THEN
    RAISE EXCEPTION 'an expulsion is proposed with the decision' USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_lawfully';
END IF;
IF NEW.state = OLD.state THEN
    RETURN NEW;
END IF;
IF NEW.state = 'resolved' AND NOT EXISTS (
    SELECT FROM public.contracts_mediator m
     WHERE m.dispute_id = NEW.id AND m.objected_at IS NULL AND m.relieved_at IS NULL AND m.person IN (NEW.resolved_by, NEW.resolved_first)) THEN
    RAISE EXCEPTION 'a dispute is decided by its mediator' USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_lawfully';
END IF;
IF NEW.state = 'resolved' AND NEW.outcome <> 'dismissed' AND NOT answered AND NEW.unanswered_at IS NULL THEN
    RAISE EXCEPTION 'a dispute is decided after the answer, or its time' USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_lawfully';
END IF;
IF NEW.state = 'resolved' AND (NEW.opened_as, NEW.outcome) NOT IN ({OUTCOMES}) THEN
    RAISE EXCEPTION 'a dispute of a % is not decided so', NEW.opened_as USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_lawfully';
END IF;
IF NEW.state = 'settled' AND NOT EXISTS (
    SELECT FROM public.contracts_settlement s
     WHERE s.dispute_id = NEW.id AND s.state = 'accepted' AND s.outcome = NEW.outcome
       AND s.amount_minor IS NOT DISTINCT FROM NEW.amount_minor) THEN
    RAISE EXCEPTION 'a dispute is settled as was accepted' USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_lawfully';
END IF;
IF NEW.state = 'withdrawn' AND (NEW.outcome <> 'withdrawn' OR NOT {CLAIMANT_ACTS}) THEN
    RAISE EXCEPTION 'who opened a dispute withdraws it' USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_lawfully';
END IF;
IF NEW.expels <> '' AND (NEW.outcome = 'dismissed' OR (NEW.opened_as, NEW.expels) NOT IN ({MAY_EXPEL})) THEN
    RAISE EXCEPTION 'a decision against a party proposes its expulsion' USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_lawfully';
END IF;
IF (NEW.outcome IN ({WITH_AMOUNT}) AND NEW.amount_minor IS NULL)
   OR (NEW.amount_minor IS NOT NULL AND NEW.outcome NOT IN ({MAY_HAVE_AMOUNT}))
   -- Of a termination an amount comes back of what was accepted: before acceptance all comes back by itself.
   OR (NEW.amount_minor IS NOT NULL AND NEW.outcome = 'termination' AND NEW.opened_as = 'buyer' AND NEW.accepted_at IS NULL) THEN
    RAISE EXCEPTION 'an outcome states its amount' USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_lawfully';
END IF;
RETURN NEW;
