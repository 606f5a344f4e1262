IF NEW.rulebook_id IS DISTINCT FROM (
    SELECT id FROM public.rules_rulebook WHERE effective_from <= NEW.decided_at
    ORDER BY number DESC LIMIT 1
) THEN
    RAISE EXCEPTION 'a decision rests on the rulebook in force'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
