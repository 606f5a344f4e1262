IF NEW.sent_bytes < OLD.sent_bytes OR OLD.state <> 'sending' AND NEW.sent_bytes <> OLD.sent_bytes THEN
    RAISE EXCEPTION 'what was sent only grows, until the download has ended'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
