SELECT coalesce(max(number), 0), max(published_at)
    INTO last_number, last_published_at FROM public.rules_rulebook;
IF NEW.number <> last_number + 1 THEN
    RAISE EXCEPTION 'rulebook % does not follow on rulebook %', NEW.number, last_number
        USING ERRCODE = 'check_violation';
END IF;
SELECT id INTO last_id FROM public.rules_rulebook WHERE number = last_number;
IF NEW.replaces_id IS DISTINCT FROM last_id THEN
    RAISE EXCEPTION 'rulebook % does not name the version that it replaces', NEW.number
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.published_at < last_published_at THEN
    RAISE EXCEPTION 'a rulebook is published after the one before it'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
