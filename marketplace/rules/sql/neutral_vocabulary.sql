IF jsonb_typeof(NEW.vocabulary->'points') IS DISTINCT FROM 'object' OR EXISTS (
    SELECT FROM jsonb_each(NEW.vocabulary->'points') AS point,
                jsonb_object_keys(point.value->'facts') AS fact
    WHERE (point.value->>'neutral' = 'true' OR point.value->>'kind' = 'tariff')
      AND split_part(fact, '.', 1) NOT IN ({NAMESPACES})
) THEN
    RAISE EXCEPTION 'a neutral point does not know who takes part'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
