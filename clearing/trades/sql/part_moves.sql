IF (NEW.billed_at, NEW.paid_at, NEW.released_at) IS DISTINCT FROM (OLD.billed_at, OLD.paid_at, OLD.released_at) THEN
    IF NOT coalesce(public.is_business_present(
        least(
            CASE WHEN OLD.billed_at IS NULL THEN NEW.billed_at END,
            CASE WHEN OLD.paid_at IS NULL THEN NEW.paid_at END,
            CASE WHEN OLD.released_at IS NULL THEN NEW.released_at END),
        greatest(
            CASE WHEN OLD.billed_at IS NULL THEN NEW.billed_at END,
            CASE WHEN OLD.paid_at IS NULL THEN NEW.paid_at END,
            CASE WHEN OLD.released_at IS NULL THEN NEW.released_at END)), true) THEN
        RAISE EXCEPTION 'part %: a moment is not that of the clock', NEW.public_id USING ERRCODE = 'check_violation';
    END IF;
END IF;
g := NEW;
IF {MOVED_WRONGLY} THEN
    RAISE EXCEPTION 'part % is not billed, paid or released like this', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
