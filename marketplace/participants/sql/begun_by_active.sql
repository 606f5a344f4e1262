PERFORM 1 FROM public.participants_organisation WHERE id = NEW.{COLUMN} AND state = 'active' FOR KEY SHARE;
IF NOT FOUND THEN
    RAISE EXCEPTION 'a suspended organisation begins nothing new' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
