IF NEW.signer LIKE 'usr\_%' THEN
    IF NEW.mandate_id IS NOT NULL THEN
        RAISE EXCEPTION 'a person signs without a mandate' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END IF;
SELECT * INTO m FROM public.contracts_mandate WHERE id = NEW.mandate_id FOR NO KEY UPDATE;
IF m.id IS NULL
   OR (m.organisation_id, m.program_identifier::text, m.key_id)
      IS DISTINCT FROM (NEW.organisation_id, NEW.signer::text, NEW.key_id) THEN
    RAISE EXCEPTION 'a program signs with the key of its mandate' USING ERRCODE = 'check_violation';
END IF;
IF m.revoked_at IS NOT NULL OR NEW.signed_at >= m.expires_at OR NOT {SIGNS}
   OR EXISTS (SELECT FROM public.participants_application WHERE id = m.program_id AND revoked_at IS NOT NULL) THEN
    RAISE EXCEPTION 'the mandate has ended' USING ERRCODE = 'check_violation';
END IF;
SELECT g.*, t.code AS template, p.terms AS terms INTO n
  FROM public.contracts_instrument i
  JOIN public.contracts_negotiation g ON g.id = i.negotiation_id
  JOIN public.contracts_template t ON t.id = g.template_id
  JOIN public.contracts_proposal p ON p.id = i.proposal_id
 WHERE i.id = NEW.instrument_id;
terms := n.terms;
IF NOT n.template = ANY (m.templates)
   OR (cardinality(m.counterparties) > 0 AND NOT m.counterparties @> ARRAY[
       CASE NEW.party WHEN 'seller' THEN n.buyer_identifier ELSE n.seller_identifier END])
   OR terms ->> 'currency' IS DISTINCT FROM m.currency
   OR public.total_of_terms(terms) > m.price_max_minor THEN
    RAISE EXCEPTION 'the contract is outside the mandate' USING ERRCODE = 'check_violation';
END IF;
SELECT coalesce(sum(public.total_of_terms(p.terms)), 0) INTO signed
  FROM public.contracts_signature s
  JOIN public.contracts_instrument i ON i.id = s.instrument_id
  JOIN public.contracts_proposal p ON p.id = i.proposal_id
 WHERE s.mandate_id = m.id AND s.signed_at > NEW.signed_at - m.total_days * interval '1 day';
IF signed + public.total_of_terms(terms) > m.total_max_minor THEN
    RAISE EXCEPTION 'the total of the mandate is reached' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
