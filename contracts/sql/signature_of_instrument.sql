NEW.signer_name := coalesce((SELECT u.name FROM public.participants_user u WHERE u.public_id = NEW.signer), '');
SELECT signed_hash, content::jsonb #>> '{terms,signature_level}' INTO hash, level
    FROM public.contracts_instrument WHERE id = NEW.instrument_id;
IF level = 'own_key' AND NEW.method <> 'own_key' THEN
    RAISE EXCEPTION 'the terms demand that each party signs with its own key'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'signature_level';
END IF;
SELECT * INTO n FROM public.contracts_negotiation
    WHERE id = (SELECT negotiation_id FROM public.contracts_instrument WHERE id = NEW.instrument_id)
    FOR SHARE;
IF NEW.signed_hash IS DISTINCT FROM hash THEN
    RAISE EXCEPTION 'what is signed is the hash of the instrument' USING ERRCODE = 'check_violation';
END IF;
IF NEW.key_id IS NOT NULL THEN
    SELECT * INTO k FROM public.participants_organisationkey WHERE id = NEW.key_id FOR SHARE;
    IF k.organisation_id IS DISTINCT FROM NEW.organisation_id OR k.revoked_at IS NOT NULL
       OR NEW.signed_at < k.valid_from THEN
        RAISE EXCEPTION 'a party signs with a live key of its own' USING ERRCODE = 'check_violation';
    END IF;
END IF;
IF NEW.mandate_id IS NULL AND NOT EXISTS (
    SELECT FROM public.participants_membership m
      JOIN public.participants_user u ON u.id = m.user_id AND u.public_id = NEW.signer
      JOIN public.participants_rolegrant g ON g.membership_id = m.id AND g.role IN ({ROLES}) AND g.revoked_at IS NULL
     WHERE m.organisation_id = NEW.organisation_id AND m.ended_at IS NULL
) THEN
    RAISE EXCEPTION '% is no signatory of the party', NEW.signer USING ERRCODE = 'check_violation';
END IF;
IF NEW.method = 'market_side' AND NOT public.is_proved_member(NEW.signer, NEW.organisation_id, ARRAY[{ROLES}]) THEN
    RAISE EXCEPTION 'the market signs for % only after a fresh proof', NEW.signer USING ERRCODE = 'check_violation';
END IF;
IF (NEW.party = 'seller' AND n.state IN ('requested', 'accepted')
    AND (NEW.organisation_id, NEW.organisation_identifier) = (n.seller_id, n.seller_identifier))
   OR (NEW.party = 'buyer' AND n.state = 'agreed'
    AND (NEW.organisation_id, NEW.organisation_identifier) = (n.buyer_id, n.buyer_identifier)) THEN
    RETURN NEW;
END IF;
RAISE EXCEPTION 'the parties sign in turn, each for itself' USING ERRCODE = 'check_violation';
