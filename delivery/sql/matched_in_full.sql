IF NEW.matched_at IS NOT NULL AND {UNSENT} AND NOT {IN_PART} THEN
    RAISE EXCEPTION 'a delivery is received when every distribution was sent as a whole'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
