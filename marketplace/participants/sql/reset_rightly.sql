IF TG_OP = 'UPDATE' AND NEW.state IS NOT DISTINCT FROM OLD.state THEN
    RETURN NEW;
END IF;
IF NEW.state = 'done' AND NEW.ends_at > public.business_now() THEN
    RAISE EXCEPTION 'the waiting time of % has not ended', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
IF NEW.state IN ('proposed', 'waiting', 'done') THEN
    SELECT m.organisation_id, u.public_id INTO firm, member
      FROM public.participants_membership m JOIN public.participants_user u ON u.id = m.user_id
     WHERE m.id = NEW.membership_id AND m.ended_at IS NULL;
    SELECT is_operator INTO partial FROM public.participants_organisation WHERE id = firm FOR NO KEY UPDATE;
    {OWNERS}
    IF member IS NULL OR NEW.asked_by = member OR NEW.asked_by <> ALL (owners) THEN
        RAISE EXCEPTION '% may not reset the second factor of %', NEW.asked_by, member USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'waiting' AND partial
       AND (NEW.confirmed_by IS NULL OR NEW.confirmed_by = member OR NEW.confirmed_by <> ALL (owners)) THEN
        RAISE EXCEPTION 'a second owner did not confirm %', NEW.public_id USING ERRCODE = 'check_violation';
    END IF;
END IF;
RETURN NEW;
