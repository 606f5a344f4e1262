PERFORM 1 FROM public.participants_organisation WHERE id = NEW.organisation_id FOR SHARE;
IF NOT EXISTS (
    SELECT FROM public.participants_authoritylimit l WHERE l.organisation_id = NEW.organisation_id
) THEN
    RETURN NEW;
END IF;
answers := coalesce((SELECT m.signed_by FROM public.contracts_mandate m WHERE m.id = NEW.mandate_id), NEW.signer);
acts := CASE NEW.party WHEN 'buyer' THEN ARRAY['sign', 'buy'] ELSE ARRAY['sign'] END;
IF cardinality(acts) <> (
    SELECT count(*) FROM public.contracts_instrument i
      JOIN public.contracts_negotiation n ON n.id = i.negotiation_id
      JOIN public.contracts_proposal p ON p.id = i.proposal_id
      JOIN public.participants_commitment c
        ON c.organisation_id = NEW.organisation_id AND c.subject = n.public_id AND c.act = ANY (acts)
       AND c.role = '{SIGNATORY}' AND c.person = answers AND c.given_by = NEW.signer
       AND c.currency = p.terms ->> 'currency' AND c.amount_minor = public.total_of_terms(p.terms)
       AND c.transaction = pg_current_xact_id()
     WHERE i.id = NEW.instrument_id
) THEN
    RAISE EXCEPTION '% signs without a commitment within a limit of authority', NEW.signer
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
