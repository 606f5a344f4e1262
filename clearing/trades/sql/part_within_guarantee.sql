SELECT t.* INTO named FROM public.clearing_trade t WHERE t.id = NEW.trade_id;
PERFORM FROM public.clearing_guarantee g
  WHERE g.organisation_id = named.buyer_id AND g.currency = named.currency ORDER BY g.id FOR NO KEY UPDATE;
SELECT g.* INTO held FROM public.clearing_guarantee g
 WHERE g.id = NEW.guarantee_id AND g.organisation_id = named.buyer_id AND g.currency = named.currency;
IF NOT FOUND THEN
    RAISE EXCEPTION 'the guarantee of part % is not of the buyer of its trade', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
IF named.state <> 'concluded' OR named.supply_class IS NULL OR named.charging IN ({CASH_ONLY}) OR named.commissioned
   OR NEW.amount_minor > named.price_minor + named.tax_minor
   OR num_nonnulls(NEW.billed_at, NEW.paid_at, NEW.released_at) > 0
   OR EXISTS (SELECT FROM public.clearing_obligation o WHERE o.trade_id = NEW.trade_id) THEN
    RAISE EXCEPTION 'part % is not of a waiting trade that a guarantee can secure', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
IF held.valid_from > NEW.reserved_at OR held.expires_at <= NEW.reserved_at
   OR (held.expires_at AT TIME ZONE 'Asia/Tokyo')::date <= NEW.due_by
   OR NEW.due_by < (NEW.reserved_at AT TIME ZONE 'Asia/Tokyo')::date + named.inspection_days THEN
    RAISE EXCEPTION 'guarantee % is not valid until part % can last fall due, on %',
        held.public_id, NEW.public_id, NEW.due_by USING ERRCODE = 'check_violation';
END IF;
IF NEW.amount_minor > held.amount_minor - held.used_minor
   OR held.kind = 'deposit_limit' AND NEW.amount_minor > {DEPOSIT} - {USED} THEN
    RAISE EXCEPTION 'guarantee % has no room for %', held.public_id, NEW.amount_minor
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
