said := NEW.content::jsonb;
SELECT * INTO n FROM public.contracts_negotiation WHERE id = NEW.negotiation_id FOR SHARE;
SELECT * INTO p FROM public.contracts_proposal
    WHERE negotiation_id = NEW.negotiation_id ORDER BY number DESC LIMIT 1;
IF coalesce(n.state NOT IN ('requested', 'accepted'), true) OR p.id IS DISTINCT FROM NEW.proposal_id THEN
    RAISE EXCEPTION 'an instrument is drawn up over the terms that stand, when the seller signs'
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.signed_hash IS DISTINCT FROM encode(sha256(convert_to(NEW.content, 'UTF8')), 'hex')
   OR said#>>'{text,ja}' IS DISTINCT FROM encode(sha256(convert_to(NEW.text_ja, 'UTF8')), 'hex')
   OR said#>>'{text,en}' IS DISTINCT FROM encode(sha256(convert_to(NEW.text_en, 'UTF8')), 'hex')
THEN
    RAISE EXCEPTION 'the hashes of an instrument are those of what stands in it' USING ERRCODE = 'check_violation';
END IF;
IF (said->>'negotiation', said->>'agreement', said->>'reference', said#>>'{provider,id}',
    said#>>'{consumer,id}', said#>>'{dataset,listing}', said#>>'{dataset,version}',
    said#>>'{dataset,segment}', said->'terms', said#>'{policy,permission}',
    said#>'{policy,prohibition}', said#>'{policy,obligation}')
   IS DISTINCT FROM
   (n.public_id::text, coalesce((SELECT a.public_id FROM public.contracts_agreement a WHERE a.id = n.amends_id), n.agreement_identifier)::text, n.reference::text, n.seller_identifier::text,
    n.buyer_identifier::text, n.listing::text, n.listing_version::text, n.segment::text, p.terms,
    p.policy->'permission', p.policy->'prohibition', p.policy->'obligation') THEN
    RAISE EXCEPTION 'an instrument says what was negotiated' USING ERRCODE = 'check_violation';
END IF;
IF (said #>> '{amends,effective_on}')::date IS DISTINCT FROM p.effective_on OR (said ? 'amends') <> (n.amends_id IS NOT NULL) THEN
    RAISE EXCEPTION 'an instrument amends as was negotiated' USING ERRCODE = 'check_violation';
END IF;
IF coalesce(said -> 'annexes', '[]') <> (
    SELECT coalesce(jsonb_agg(jsonb_build_object('file_name', a.file_name, 'media_type', a.media_type,
               'size_bytes', a.size_bytes, 'sha256', a.sha256) ORDER BY a.number), '[]')
      FROM public.contracts_attachment a WHERE a.proposal_id = NEW.proposal_id) THEN
    RAISE EXCEPTION 'an instrument names the files beside its proposal, and no other' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
