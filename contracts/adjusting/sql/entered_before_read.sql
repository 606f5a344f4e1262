{INDEX_LOCK}
IF EXISTS (
    SELECT FROM public.contracts_firedadjustment f
      JOIN public.contracts_indexvalue x ON x.public_id = f.inputs ->> 'index_value'
     WHERE x.index = NEW.index AND x.as_of < NEW.as_of AND NEW.as_of <= (f.inputs ->> 'on')::date AND f.fired_at > NEW.entered_at
) THEN
    RAISE EXCEPTION 'a clause that fired later read an older value of %', NEW.index
        USING ERRCODE = 'check_violation', CONSTRAINT = 'entered_before_read';
END IF;
RETURN NEW;
