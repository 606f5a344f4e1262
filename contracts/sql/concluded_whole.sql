IF NOT EXISTS (
    SELECT FROM public.contracts_negotiation WHERE id = NEW.negotiation_id AND state = 'finalized'
) THEN
    RAISE EXCEPTION 'an agreement ends its negotiation' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
