SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
SELECT * INTO r FROM public.rules_rulebook WHERE effective_from <= public.business_now() ORDER BY number DESC LIMIT 1;
IF a.state IS DISTINCT FROM 'in_force' OR NEW.rulebook_id IS DISTINCT FROM r.id
   OR NEW.amend_by IS DISTINCT FROM ((NEW.opened_at AT TIME ZONE 'Asia/Tokyo')::date
        + coalesce((r.document #>> '{parameters,{GRACE}}')::integer, {GRACE_DEFAULT}))::timestamp AT TIME ZONE 'Asia/Tokyo'
   OR NOT EXISTS (
    SELECT FROM jsonb_array_elements(coalesce(r.document -> 'unlawful_terms', '[]')) AS l(e)
     WHERE l.e = NEW.found -> 'entry' AND l.e ->> 'code' = NEW.code AND l.e ->> 'term' = NEW.term AND {HOLDS} AND {UNLAWFUL}) THEN
    RAISE EXCEPTION 'the rulebook in force does not make this term of % unlawful', a.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'unlawful_by_rulebook';
END IF;
RETURN NEW;
