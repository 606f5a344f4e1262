IF NEW.state IN ({HELD}) THEN
    SELECT is_operator OR operator_affiliate INTO partial
        FROM public.participants_organisation WHERE id = NEW.organisation_id FOR SHARE;
    IF partial THEN
        RAISE EXCEPTION 'the operator and its affiliates are never buyer or seller'
            USING ERRCODE = 'check_violation';
    END IF;
END IF;
RETURN NEW;
