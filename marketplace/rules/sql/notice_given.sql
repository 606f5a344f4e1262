IF (NEW.document -> 'parameters' ->> 'rulebook_notice_hours')::numeric < {LOWEST} THEN
    RAISE EXCEPTION 'rulebook % gives less than % hours of notice', NEW.number, {LOWEST}
        USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_given';
END IF;
IF NEW.number = 1 THEN
    RETURN NEW;
END IF;
IF NEW.lane = 'urgent' THEN
    other_text := NEW.document - ARRAY[{LAW}];
    IF NOT EXISTS (
        SELECT FROM public.rules_rulebook r
         WHERE r.number < NEW.number AND r.document - ARRAY[{LAW}] = other_text AND (
               r.number = (SELECT max(f.number) FROM public.rules_rulebook f
                            WHERE f.number < NEW.number AND f.effective_from <= NEW.effective_from)
            OR r.effective_from = NEW.effective_from AND NOT EXISTS (
               SELECT FROM public.rules_rulebook o
                WHERE o.number > r.number AND o.number < NEW.number AND o.lane <> 'urgent'))
    ) THEN
        RAISE EXCEPTION 'rulebook % is urgent, and changes more than lists and tables of law', NEW.number
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END IF;
SELECT coalesce(r.document -> 'parameters', '{}'::jsonb) INTO stated FROM public.rules_rulebook r
 WHERE r.number < NEW.number ORDER BY (r.effective_from <= NEW.effective_from) DESC, r.number DESC LIMIT 1;
IF stated ? 'rulebook_notice_hours'
   AND (NEW.document -> 'parameters' ->> 'rulebook_notice_hours') IS NULL THEN
    RAISE EXCEPTION 'rulebook % states no notice any more', NEW.number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_given';
END IF;
notice_hours := coalesce((stated ->> 'rulebook_notice_hours')::numeric, {NOTICE_DEFAULT});
IF NEW.effective_from < NEW.published_at + notice_hours * interval '1 hour' THEN
    RAISE EXCEPTION 'rulebook % takes effect before its notice of % hours is over', NEW.number, notice_hours
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
