IF NEW.amends_id IS NULL THEN
    IF NEW.state <> 'requested' THEN
        RAISE EXCEPTION 'a negotiation begins with the buyer''s request'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'amends_lawfully';
    END IF;
    RETURN NEW;
END IF;
SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.amends_id FOR NO KEY UPDATE;
IF a.state IS DISTINCT FROM 'in_force' OR EXISTS (
    SELECT FROM public.contracts_ending e WHERE e.agreement_id = a.id AND e.state = 'scheduled') THEN
    RAISE EXCEPTION '% does not stand: nothing amends it', a.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'amends_lawfully';
END IF;
IF (NEW.buyer_id, NEW.seller_id, NEW.reference::text, NEW.listing::text, NEW.listing_version::text, NEW.segment::text, NEW.template_id)
   IS DISTINCT FROM (a.buyer_id, a.seller_id, a.reference::text, a.listing::text, a.listing_version::text, a.segment::text,
                     (SELECT n.template_id FROM public.contracts_negotiation n WHERE n.id = a.negotiation_id)) THEN
    RAISE EXCEPTION 'an amendment has the parties and the data of its agreement'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'amends_lawfully';
END IF;
RETURN NEW;
