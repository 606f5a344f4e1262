IF NEW.lane = 'urgent' THEN
    RETURN NEW;  -- it has the parameters of a version that was published before (notice_given)
END IF;
SELECT coalesce(r.document -> 'parameters', '{}'::jsonb) INTO stated FROM public.rules_rulebook r
 WHERE r.number < NEW.number ORDER BY (r.effective_from <= NEW.effective_from) DESC, r.number DESC LIMIT 1;
IF NOT FOUND THEN
    RETURN NEW;
END IF;
SELECT string_agg(c.name, ', ' ORDER BY c.name) INTO weakened
  FROM (VALUES {CONTROLS}) AS c (name, fallback, weaker)
 WHERE (coalesce((NEW.document -> 'parameters' ->> c.name)::numeric, c.fallback)
     - coalesce((stated ->> c.name)::numeric, c.fallback)) * c.weaker > 0;
notice_hours := coalesce((stated ->> 'control_notice_hours')::numeric, {NOTICE_DEFAULT});
IF weakened IS NOT NULL AND (
    NEW.first_person IN ('', NEW.published_by) OR NOT starts_with(NEW.published_by, '{PERSON}')
    OR NEW.effective_from < NEW.published_at + notice_hours * interval '1 hour'
) THEN
    RAISE EXCEPTION 'rulebook % weakens %: that takes two people and % hours', NEW.number, weakened, notice_hours
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
