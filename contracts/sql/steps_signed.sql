IF NEW.state IN ('agreed', 'verified') AND NEW.state <> OLD.state THEN
    SELECT array_agg(s.party ORDER BY s.party) INTO signers
        FROM public.contracts_signature s JOIN public.contracts_instrument i ON i.id = s.instrument_id
        WHERE i.negotiation_id = NEW.id;
    IF signers IS DISTINCT FROM
       (CASE NEW.state WHEN 'agreed' THEN ARRAY['seller'] ELSE ARRAY['buyer', 'seller'] END) THEN
        RAISE EXCEPTION 'a negotiation moves on with the signatures it is named for'
            USING ERRCODE = 'check_violation';
    END IF;
END IF;
IF NEW.state = 'finalized' AND NEW.state <> OLD.state AND NOT EXISTS (
    SELECT FROM public.contracts_agreement WHERE negotiation_id = NEW.id AND NEW.amends_id IS NULL
) AND NOT EXISTS (
    SELECT FROM public.contracts_agreementversion WHERE negotiation_id = NEW.id AND agreement_id = NEW.amends_id
) THEN
    RAISE EXCEPTION 'a negotiation is finalized by its agreement, or by the version that it makes' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
