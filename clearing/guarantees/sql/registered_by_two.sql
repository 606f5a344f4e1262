IF NEW.used_minor <> 0 OR NEW.amount_minor IS DISTINCT FROM {AMOUNT} OR NOT {APPROVED} THEN
    RAISE EXCEPTION 'guarantee % is not what two people approved', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
