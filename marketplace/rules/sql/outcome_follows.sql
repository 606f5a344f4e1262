IF jsonb_typeof(NEW.reasons) <> 'array' THEN
    RAISE EXCEPTION 'reasons are a list' USING ERRCODE = 'check_violation';
END IF;
SELECT (ARRAY[{OUTCOMES}])[max(array_position(ARRAY[{OUTCOMES}], reason->>'outcome'))],
       count(*) FILTER (WHERE coalesce(array_position(ARRAY[{OUTCOMES}], reason->>'outcome'), 0) = 0)
    INTO strongest, unknown FROM jsonb_array_elements(NEW.reasons) AS reason;
IF unknown > 0 OR strongest IS DISTINCT FROM NEW.outcome THEN
    RAISE EXCEPTION 'the outcome % does not follow from the reasons', NEW.outcome
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
