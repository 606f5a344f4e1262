SELECT signed_hash INTO hash FROM public.contracts_instrument WHERE id = NEW.instrument_id;
SELECT * INTO n FROM public.contracts_negotiation
    WHERE id = (SELECT negotiation_id FROM public.contracts_instrument WHERE id = NEW.instrument_id)
    FOR SHARE;
IF NEW.signed_hash IS DISTINCT FROM hash THEN
    RAISE EXCEPTION 'what is signed is the hash of the instrument' USING ERRCODE = 'check_violation';
END IF;
IF (NEW.party = 'seller' AND n.state IN ('requested', 'accepted')
    AND (NEW.organisation_id, NEW.organisation_identifier) = (n.seller_id, n.seller_identifier))
   OR (NEW.party = 'buyer' AND n.state = 'agreed'
    AND (NEW.organisation_id, NEW.organisation_identifier) = (n.buyer_id, n.buyer_identifier)) THEN
    RETURN NEW;
END IF;
RAISE EXCEPTION 'the parties sign in turn, each for itself' USING ERRCODE = 'check_violation';
