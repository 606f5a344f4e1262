IF NOT EXISTS (
    SELECT FROM public.account_emailaddress a
     WHERE a.user_id = NEW.id AND lower(a.email) = NEW.email AND a.verified
) THEN
    RAISE EXCEPTION 'an address becomes a person''s once its mail was answered' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
