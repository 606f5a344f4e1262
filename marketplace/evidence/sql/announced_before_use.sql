IF NEW.key_id IS DISTINCT FROM encode(
    substr(sha256(convert_to(NEW.name, 'UTF8') || '\x0a01'::bytea || NEW.public_key), 1, 4), 'hex'
) THEN
    RAISE EXCEPTION 'key % has another identifier than its bytes', NEW.kid USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (SELECT FROM public.evidence_marketkey k WHERE k.public_key = NEW.public_key OR k.kid = NEW.kid) THEN
    RAISE EXCEPTION 'key % has signed before: announce a new one', NEW.kid USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
