IF TG_OP = 'INSERT' THEN
    IF NEW.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION 'a mandate begins live' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (
        SELECT FROM public.participants_application
         WHERE id = NEW.program_id AND public_id = NEW.program_identifier AND organisation_id = NEW.organisation_id
           AND revoked_at IS NULL AND '{SCOPE}' = ANY (scopes)
    ) OR NOT EXISTS (
        SELECT FROM public.participants_organisationkey
         WHERE id = NEW.key_id AND organisation_id = NEW.organisation_id AND revoked_at IS NULL
    ) OR NOT EXISTS (
        SELECT FROM public.participants_organisation
         WHERE id = NEW.organisation_id AND public_id = NEW.organisation_identifier AND NOT is_operator
    ) THEN
        RAISE EXCEPTION 'a mandate is for a program and a key of its organisation' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT {SIGNS} THEN
        RAISE EXCEPTION '% is no signatory of the organisation', NEW.signed_by USING ERRCODE = 'check_violation';
    END IF;
    IF NOT public.is_proved_member(NEW.signed_by, NEW.organisation_id, ARRAY[{SIGNATORIES}]) THEN
        RAISE EXCEPTION '% signs a mandate only after a fresh proof', NEW.signed_by USING ERRCODE = 'check_violation';
    END IF;
ELSIF NOT {REVOKES} AND NOT (NEW.revoked_by = 'system' AND NOT {SIGNS}) THEN
    RAISE EXCEPTION '% may not revoke the mandate', NEW.revoked_by USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
