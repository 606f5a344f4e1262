IF TG_OP = 'UPDATE' THEN
    IF (NEW.id, NEW.level, NEW.index) IS DISTINCT FROM (OLD.id, OLD.level, OLD.index) OR NEW.width <= OLD.width
       OR substr(NEW.hashes, 1, octet_length(OLD.hashes)) <> OLD.hashes THEN
        RAISE EXCEPTION 'tile %/% only grows at its end', OLD.level, OLD.index USING ERRCODE = 'check_violation';
    END IF;
ELSIF NEW.index > 0 AND NOT EXISTS (
    SELECT FROM public.evidence_tile t
     WHERE t.level = NEW.level AND t.index = NEW.index - 1 AND t.width = {TILE_WIDTH}
) THEN
    RAISE EXCEPTION 'tile %/% begins before the one before it is full', NEW.level, NEW.index
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
