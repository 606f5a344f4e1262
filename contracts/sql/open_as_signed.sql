IF NEW.state = OLD.state OR NEW.state <> 'agreed' AND OLD.state <> 'agreed' THEN
    RETURN NEW;
END IF;
SELECT p.terms, s.signed_at INTO terms, signed FROM public.contracts_signature s
  JOIN public.contracts_instrument i ON i.id = s.instrument_id JOIN public.contracts_proposal p ON p.id = i.proposal_id
 WHERE i.negotiation_id = NEW.id AND s.party = 'seller';
IF NEW.state = 'agreed' AND signed IS NOT NULL AND NEW.respond_by
   IS DISTINCT FROM public.end_of_period(signed, 'P' || (terms ->> 'open_days') || 'D') THEN
    RAISE EXCEPTION 'what the seller signed is open until the day that it states'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'open_as_signed';
END IF;
IF NEW.state = 'verified' AND public.business_now() >= OLD.respond_by AND NOT EXISTS (
    SELECT FROM public.cases_case c WHERE c.kind = 'conclusion' AND c.subject = NEW.public_id AND c.state = 'open') THEN
    RAISE EXCEPTION 'what the seller signed is no longer open' USING ERRCODE = 'check_violation', CONSTRAINT = 'open_as_signed';
END IF;
IF NEW.state = 'terminated' AND NEW.ended_by = 'seller' AND NEW.ended_at < OLD.respond_by
   AND NOT (terms ->> 'withdrawal_reserved')::boolean
   AND (NEW.end_reason_code NOT IN ({GROUNDS}) OR NEW.end_reason = '') THEN
    RAISE EXCEPTION 'what the seller signed is withdrawn before its day only on a reserved ground'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'open_as_signed';
END IF;
RETURN NEW;
