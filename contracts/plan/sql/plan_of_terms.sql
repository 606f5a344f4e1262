said := NEW.content::jsonb;
IF said #>> '{plan,version}' IS DISTINCT FROM '{VERSION}' THEN
    RAISE EXCEPTION 'what is signed has a plan of version {VERSION}'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_of_terms';
END IF;
IF {DEPARTS} THEN
    RAISE EXCEPTION 'the plan carries out the terms that are signed, and nothing else'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_of_terms';
END IF;
RETURN NEW;
