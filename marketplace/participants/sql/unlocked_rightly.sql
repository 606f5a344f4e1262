IF NOT EXISTS (
    SELECT FROM public.participants_loginlock WHERE user_id = NEW.id AND transaction = pg_current_xact_id()
) THEN
    RAISE EXCEPTION 'a login that ended is released by two people' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
