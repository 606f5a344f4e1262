SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
SELECT coalesce(sum((CASE debtor WHEN 'seller' THEN 1 ELSE -1 END) * (amount_minor - coalesce(unmoved_minor, 0))), 0)
    INTO returned FROM public.contracts_adjustment WHERE agreement_id = NEW.agreement_id AND charge = NEW.charge
     AND NOT starts_with(reason_code, '{CLAUSE_REASON}');
price := {PRICE};
-- A clause adjusts what is still paid after an early end: all but where the price went back.
IF a.state IS NULL OR NEW.currency <> a.currency OR (a.state = 'terminated'
   AND NOT (starts_with(NEW.reason_code, '{CLAUSE_REASON}') AND coalesce(a.termination_reason IN ({INSPECTED_ON}), false))) THEN
    RAISE EXCEPTION 'a correction is in the currency of an agreement in force or expired' USING ERRCODE = 'check_violation';
END IF;
IF starts_with(NEW.reason_code, '{CLAUSE_REASON}') THEN
    -- The record of the clause says how much (fired_as_signed).
    RETURN NEW;
END IF;
IF NEW.reason_code = '{ENDED_EARLY}' THEN
    -- The days of an early end are of the price as its clauses have adjusted it.
    price := price + {ADJUSTED};
END IF;
IF price IS NULL OR (NEW.debtor = 'seller' AND returned + NEW.amount_minor > price) THEN
    RAISE EXCEPTION 'corrections never pass the price of a charge that was agreed' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
