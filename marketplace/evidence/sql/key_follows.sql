IF TG_OP = 'INSERT' THEN
    IF NEW.key_id IS DISTINCT FROM encode(
        substr(sha256(convert_to(NEW.name, 'UTF8') || '\x0a01'::bytea || NEW.public_key), 1, 4), 'hex'
    ) THEN
        RAISE EXCEPTION 'key % has another identifier than its bytes', NEW.kid USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM public.evidence_marketkey k WHERE k.name = NEW.name)
       AND NOT EXISTS (SELECT FROM public.evidence_marketkey k WHERE k.name = NEW.name AND k.until = NEW.since) THEN
        RAISE EXCEPTION 'key % does not begin when the one before it ends', NEW.kid USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.until IS NOT NULL THEN
        RAISE EXCEPTION 'key % cannot begin as ended', NEW.kid USING ERRCODE = 'check_violation';
    END IF;
ELSIF NEW.until IS DISTINCT FROM OLD.until AND NOT public.is_real_present(NEW.until, NEW.until) THEN
    RAISE EXCEPTION '%: a moment is not that of the clock', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
