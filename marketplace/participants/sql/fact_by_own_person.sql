IF NOT public.is_proved_member(NEW.changed_by, NEW.organisation_id, ARRAY[{WRITING}]) THEN
    RAISE EXCEPTION 'a fact of an organisation is changed by a person of it who may' USING ERRCODE = 'check_violation';
END IF;
IF NEW.effective_on > (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date THEN
    RAISE EXCEPTION 'a fact is changed once it holds' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
