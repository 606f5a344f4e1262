SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
SELECT coalesce(sum(CASE debtor WHEN 'seller' THEN amount_minor ELSE -amount_minor END), 0)
    INTO returned FROM public.contracts_adjustment WHERE agreement_id = NEW.agreement_id;
IF coalesce(a.state = 'terminated', true) OR NEW.currency <> a.currency THEN
    RAISE EXCEPTION 'a correction is in the currency of an agreement in force or expired' USING ERRCODE = 'check_violation';
END IF;
IF NEW.debtor = 'seller' AND returned + NEW.amount_minor > (
    SELECT max((v.said #>> '{terms,price_minor}')::bigint) FROM public.signed_versions(a.id) v) THEN
    RAISE EXCEPTION 'corrections never pass the price' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
