IF NOT EXISTS (SELECT FROM public.contracts_proposal WHERE negotiation_id = NEW.id) THEN
    RAISE EXCEPTION 'a negotiation begins with a proposal' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
