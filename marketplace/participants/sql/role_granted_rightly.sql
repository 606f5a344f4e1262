IF NOT EXISTS (
    SELECT FROM public.participants_membership m
      JOIN public.participants_user u ON u.id = m.user_id
      LEFT JOIN public.participants_invitation i ON i.id = m.invitation_id
     WHERE m.id = NEW.membership_id
       AND (m.invitation_id IS NULL AND u.transaction = pg_current_xact_id()
            OR NEW.role = ANY (i.roles) AND i.transaction = pg_current_xact_id())
) AND NOT EXISTS (
    SELECT FROM public.participants_memberchange c
     WHERE c.membership_id = NEW.membership_id AND c.kind = 'grant' AND c.role = NEW.role AND c.state = 'done'
       AND c.transaction = pg_current_xact_id()
) THEN
    RAISE EXCEPTION 'nobody granted the role %', NEW.role USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
