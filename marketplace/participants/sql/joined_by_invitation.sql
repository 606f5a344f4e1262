IF NOT EXISTS (
    SELECT FROM public.participants_user u LEFT JOIN public.participants_invitation i ON i.id = NEW.invitation_id
     WHERE u.id = NEW.user_id
       AND (NEW.invitation_id IS NULL AND u.transaction = pg_current_xact_id()
            OR i.organisation_id = NEW.organisation_id AND i.email = u.email AND i.ended_by = u.public_id
               AND i.state = 'accepted' AND i.transaction = pg_current_xact_id())
) THEN
    RAISE EXCEPTION 'a person joins an organisation by accepting its invitation' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
