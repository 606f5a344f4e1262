IF starts_with(NEW.command, '{PREFIX}')
   AND NEW.permission <> (CASE NEW.command {CASES} ELSE '{DEFAULT}' END) THEN
    RAISE EXCEPTION 'command % takes another permission than %', NEW.command, NEW.permission
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
