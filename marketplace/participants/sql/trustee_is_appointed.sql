IF NOT EXISTS (
    SELECT FROM public.participants_trusteeappointment a
      JOIN public.participants_suspension s ON s.id = a.suspension_id
      JOIN public.participants_membership m ON m.user_id = a.user_id AND m.organisation_id = s.organisation_id
     WHERE m.id = NEW.membership_id AND a.state = 'appointed'
       AND NOT EXISTS (SELECT FROM public.participants_reinstatement l WHERE l.suspension_id = s.id)
) THEN
    RAISE EXCEPTION 'nobody is a trustee whom two people of admission did not appoint'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
