SELECT * INTO d FROM public.contracts_dispute WHERE id = NEW.dispute_id FOR SHARE;
SELECT * INTO a FROM public.contracts_agreement WHERE id = d.agreement_id;
SELECT max(s.stated_at) INTO answered_at FROM public.contracts_statement s WHERE s.dispute_id = d.id AND s.kind = 'answer';
IF coalesce(d.state <> 'open', true) OR (NEW.party = 'third_party' AND d.third_party_id IS NULL)
   OR (NEW.kind = 'answer' AND (NEW.party = d.opened_as OR public.business_now() >= d.answer_by))
   OR (NEW.kind = 'reply' AND coalesce(public.business_now() >= public.end_of_period(answered_at, 'P{REPLY_DAYS}D'), true)) THEN
    RAISE EXCEPTION 'a side states once what is its turn, in time' USING ERRCODE = 'check_violation', CONSTRAINT = 'stated_in_time';
END IF;
IF NOT {ACTS} THEN
    RAISE EXCEPTION '% speaks for no side of %', NEW.stated_by, d.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'stated_in_time';
END IF;
RETURN NEW;
