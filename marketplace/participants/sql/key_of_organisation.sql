IF TG_OP = 'UPDATE' THEN
    who := NEW.revoked_by;
ELSE
    who := NEW.registered_by;
    IF NEW.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION 'a key is registered live' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.replaces_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.participants_organisationkey
         WHERE id = NEW.replaces_id AND organisation_id = NEW.organisation_id
    ) THEN
        RAISE EXCEPTION 'a key replaces one of the same organisation' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.public_jwk ->> 'kty' = 'OKP' THEN
        named := jsonb_build_object('crv', 'Ed25519', 'kty', 'OKP', 'x', NEW.public_jwk -> 'x');
        canonical := format('{"crv":"Ed25519","kty":"OKP","x":"%s"}', NEW.public_jwk ->> 'x');
    ELSE
        named := jsonb_build_object(
            'crv', 'P-256', 'kty', 'EC', 'x', NEW.public_jwk -> 'x', 'y', NEW.public_jwk -> 'y');
        canonical := format(
            '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}', NEW.public_jwk ->> 'x', NEW.public_jwk ->> 'y');
    END IF;
    IF NEW.public_jwk IS DISTINCT FROM named OR NEW.kid IS DISTINCT FROM rtrim(translate(
        encode(sha256(convert_to(canonical, 'UTF8')), 'base64'), '+/', '-_'), '=') THEN
        RAISE EXCEPTION 'a key is public and has its thumbprint' USING ERRCODE = 'check_violation';
    END IF;
END IF;
IF NOT EXISTS (
    SELECT FROM public.participants_membership m
      JOIN public.participants_user u ON u.id = m.user_id AND u.public_id = who
      JOIN public.participants_rolegrant g ON g.membership_id = m.id AND g.role IN ({ROLES}) AND g.revoked_at IS NULL
      JOIN public.participants_organisation o ON o.id = m.organisation_id AND NOT o.is_operator
     WHERE m.organisation_id = NEW.organisation_id AND m.ended_at IS NULL
) THEN
    RAISE EXCEPTION '% does not manage the keys of the organisation', who USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
