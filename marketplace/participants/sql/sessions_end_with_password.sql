IF NEW.password IS DISTINCT FROM OLD.password OR NOT NEW.is_active THEN
    DELETE FROM public.participants_session WHERE user_id = NEW.id;
END IF;
RETURN NULL;
