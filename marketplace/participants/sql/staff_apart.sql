PERFORM 1 FROM public.participants_user WHERE id = NEW.user_id FOR NO KEY UPDATE;
IF EXISTS (
    SELECT FROM public.participants_membership m
      JOIN public.participants_organisation o ON o.id = m.organisation_id
      JOIN public.participants_organisation n ON n.id = NEW.organisation_id
     WHERE m.user_id = NEW.user_id AND m.ended_at IS NULL AND m.organisation_id <> NEW.organisation_id
       AND (o.is_operator OR n.is_operator)
) THEN
    RAISE EXCEPTION 'who belongs to the operator belongs to no other organisation'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
