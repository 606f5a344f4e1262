IF TG_OP = 'INSERT' THEN
    IF NEW.key_id IS DISTINCT FROM encode(
        substr(sha256(convert_to(NEW.name, 'UTF8') || '\x0a04'::bytea || NEW.public_key), 1, 4), 'hex'
    ) THEN
        RAISE EXCEPTION 'witness % has another key identifier than its key', NEW.name USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.until IS NOT NULL THEN
        RAISE EXCEPTION 'witness % cannot begin as ended', NEW.name USING ERRCODE = 'check_violation';
    END IF;
ELSIF NEW.until IS DISTINCT FROM OLD.until AND NOT public.is_real_present(NEW.until, NEW.until) THEN
    RAISE EXCEPTION '%: a moment is not that of the clock', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
