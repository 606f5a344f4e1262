IF TG_OP = 'INSERT' OR NEW.responsible_id IS DISTINCT FROM OLD.responsible_id THEN
    IF NOT EXISTS (
        SELECT FROM public.participants_membership
         WHERE user_id = NEW.responsible_id AND organisation_id = NEW.organisation_id AND ended_at IS NULL
    ) THEN
        RAISE EXCEPTION 'a member of the organisation answers for its program'
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.responsible_id IS DISTINCT FROM OLD.next_responsible_id THEN
        RAISE EXCEPTION 'a person takes over the program that it was offered' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.responsible_id IS DISTINCT FROM OLD.responsible_id
       AND NEW.client_secret IS NOT DISTINCT FROM OLD.client_secret THEN
        RAISE EXCEPTION 'who takes over a program has a secret of its own' USING ERRCODE = 'check_violation';
    END IF;
END IF;
IF TG_OP = 'UPDATE' THEN
    IF NOT NEW.scopes <@ OLD.scopes THEN
        RAISE EXCEPTION 'the scopes of a program only become fewer' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.revoked_at IS NOT NULL AND (
        NEW.client_secret IS DISTINCT FROM OLD.client_secret OR NEW.expires_at IS DISTINCT FROM OLD.expires_at
        OR NEW.responsible_id IS DISTINCT FROM OLD.responsible_id
    ) THEN
        RAISE EXCEPTION 'a revoked program stays revoked' USING ERRCODE = 'check_violation';
    END IF;
END IF;
RETURN NEW;
