IF NOT EXISTS (
    SELECT FROM public.contracts_negotiation WHERE id = NEW.negotiation_id AND state = 'finalized'
) THEN
    RAISE EXCEPTION 'an agreement ends its negotiation' USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT FROM public.cases_case c JOIN public.contracts_negotiation n ON n.public_id = c.subject
     WHERE n.id = NEW.negotiation_id AND c.kind = 'conclusion' AND c.state = 'open'
) THEN
    RAISE EXCEPTION 'an agreement ends the case of its conclusion'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'concluded_whole';
END IF;
RETURN NULL;
