IF OLD.state NOT IN ('draft', {PENDING}) AND (
    NEW.decision IS DISTINCT FROM OLD.decision
    OR NEW.decision_reason IS DISTINCT FROM OLD.decision_reason
    OR NEW.decided_at IS DISTINCT FROM OLD.decided_at
) THEN
    RAISE EXCEPTION 'the decision over a version cannot be changed' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
