SELECT * INTO n FROM public.contracts_negotiation WHERE id = NEW.negotiation_id FOR SHARE;
SELECT content::jsonb INTO said FROM public.contracts_instrument
    WHERE id = NEW.instrument_id AND negotiation_id = NEW.negotiation_id;
SELECT array_agg(party ORDER BY party) INTO signers FROM public.contracts_signature
    WHERE instrument_id = NEW.instrument_id AND signed_hash = NEW.signed_hash;
IF n.state IS DISTINCT FROM 'verified' OR signers IS DISTINCT FROM ARRAY['buyer', 'seller'] THEN
    RAISE EXCEPTION 'an agreement needs the signatures of both parties over one hash'
        USING ERRCODE = 'check_violation';
END IF;
IF (NEW.public_id::text, NEW.buyer_id, NEW.seller_id) IS DISTINCT FROM
   (n.agreement_identifier::text, n.buyer_id, n.seller_id)
   OR (NEW.public_id::text, NEW.reference::text, NEW.seller_identifier::text,
       NEW.buyer_identifier::text, NEW.listing::text, NEW.listing_version::text, NEW.segment::text,
       NEW.price_minor::text, NEW.currency::text, NEW.tax_category::text, NEW.funding_days::text,
       NEW.inspection_days::text) IS DISTINCT FROM
      (said->>'agreement', said->>'reference', said#>>'{provider,id}', said#>>'{consumer,id}',
       said#>>'{dataset,listing}', said#>>'{dataset,version}', said#>>'{dataset,segment}',
       said#>>'{terms,price_minor}', said#>>'{terms,currency}', said#>>'{terms,tax_category}',
       said#>>'{terms,funding_days}', said#>>'{terms,inspection_days}') THEN
    RAISE EXCEPTION 'an agreement says what was signed' USING ERRCODE = 'check_violation';
END IF;
IF NEW.exclusive IS DISTINCT FROM coalesce((said #>> '{terms,rights,exclusive}')::boolean, false) THEN
    RAISE EXCEPTION 'an agreement is exclusive as it was signed' USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT FROM jsonb_array_elements(coalesce(said #> '{plan,money,shares}', said #> '{terms,charging,shares}', '[]'::jsonb)) AS share(value)
      LEFT JOIN public.participants_organisation o ON o.public_id = share.value ->> 'organisation'
     WHERE o.id IS NULL OR o.id IN (NEW.buyer_id, NEW.seller_id) OR o.is_operator OR o.operator_affiliate) THEN
    RAISE EXCEPTION 'a beneficiary is neither a party nor the operator or its affiliate' USING ERRCODE = 'check_violation';
END IF;
IF jsonb_array_length(coalesce(said #> '{plan,money,shares}', said #> '{terms,charging,shares}', '[]'::jsonb)) > 0
   AND public.is_pooled(NEW.listing::text) THEN
    RAISE EXCEPTION 'the members of a pool divide the price: it has no other beneficiaries' USING ERRCODE = 'check_violation';
END IF;
IF NOT public.is_paid_in_time(said #> '{terms,rights}', NEW.concluded_at, NEW.funding_days) THEN
    RAISE EXCEPTION 'the rights of use end before they are paid for' USING ERRCODE = 'check_violation';
END IF;
IF NOT (public.is_charged_in_time(said #> '{terms,charging}', said #> '{terms,rights}', NEW.concluded_at)
        AND public.is_paid_within_periods(said #> '{terms,charging}', NEW.concluded_at, NEW.funding_days)) THEN
    RAISE EXCEPTION 'the rights of use end before the last charge has run, or a period begins before the agreement or ends unpaid'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
