IF TG_OP = 'INSERT' AND NEW.released_at IS NULL THEN
    NEW.transaction := NULL;
    RETURN NEW;
END IF;
IF TG_OP = 'UPDATE' AND NEW.released_at IS NOT DISTINCT FROM OLD.released_at THEN
    NEW.transaction := OLD.transaction;
    RETURN NEW;
END IF;
IF (SELECT count(DISTINCT u.id)
      FROM public.participants_membership m
      JOIN public.participants_organisation o ON o.id = m.organisation_id AND o.is_operator
      JOIN public.participants_rolegrant g ON g.membership_id = m.id AND g.role IN ({DECIDERS}) AND g.revoked_at IS NULL
      JOIN public.participants_user u ON u.id = m.user_id AND u.is_active AND u.id <> NEW.user_id
     WHERE m.ended_at IS NULL AND u.public_id IN (NEW.release_proposed_by, NEW.released_by)) <> 2
   OR EXISTS (
    SELECT FROM public.participants_membership m WHERE m.user_id = NEW.user_id AND m.ended_at IS NULL
       AND public.is_recused(NEW.release_proposed_by, m.organisation_id)) THEN
    RAISE EXCEPTION 'two people of the operator release a locked login' USING ERRCODE = 'check_violation';
END IF;
NEW.transaction := pg_current_xact_id();
RETURN NEW;
