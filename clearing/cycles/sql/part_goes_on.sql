IF OLD.ended_at IS NOT NULL OR NEW.done < OLD.done THEN
    RAISE EXCEPTION 'part % of cycle % only goes forward, and not after its end', OLD.part, OLD.cycle_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
