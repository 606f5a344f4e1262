IF NOT EXISTS (
    SELECT FROM public.participants_membership
     WHERE user_id = NEW.responsible_id AND organisation_id = NEW.organisation_id AND ended_at IS NULL
) THEN
    RAISE EXCEPTION 'a member of the organisation answers for its program'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
