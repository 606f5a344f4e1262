IF EXISTS (
    SELECT FROM jsonb_each(NEW.trial_balances) currency(code, kinds)
     CROSS JOIN LATERAL jsonb_array_elements(currency.kinds) kind
     WHERE kind->>'kind' = 'settlement' AND (kind->>'balance_minor')::bigint <> 0
) THEN
    RAISE EXCEPTION 'the control account is not zero at the end of %: a cycle is being posted', NEW.month
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
