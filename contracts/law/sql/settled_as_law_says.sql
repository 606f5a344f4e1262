IF NEW.state = OLD.state THEN
    RETURN NEW;
END IF;
SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
SELECT l.e INTO entry FROM jsonb_array_elements({LAW}) AS l(e) WHERE l.e ->> 'code' = NEW.code AND {HOLDS};
IF NEW.state = 'over' AND a.state = 'in_force'
   OR NEW.state = 'lifted' AND entry IS NOT NULL AND NOT (entry IS DISTINCT FROM OLD.found -> 'entry' AND NOT {UNLAWFUL})
   OR NEW.state = 'amended' AND (entry IS NULL OR {UNLAWFUL}) THEN
    RAISE EXCEPTION 'the unlawful term of % still stands', a.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'settled_as_law_says';
END IF;
RETURN NEW;
