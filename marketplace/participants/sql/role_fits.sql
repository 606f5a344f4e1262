SELECT o.is_operator INTO partial
  FROM public.participants_membership m JOIN public.participants_organisation o ON o.id = m.organisation_id
 WHERE m.id = NEW.membership_id;
IF partial AND NEW.role NOT IN ({OPERATOR}) OR NOT partial AND NEW.role NOT IN ({PARTICIPANT}) THEN
    RAISE EXCEPTION 'the role % does not exist in this organisation', NEW.role
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
