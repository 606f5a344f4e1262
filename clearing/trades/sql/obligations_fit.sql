FOR wanted IN SELECT DISTINCT cycle_id, currency FROM new_rows ORDER BY cycle_id LOOP
    SELECT state, currency INTO cycle FROM public.clearing_cycle WHERE id = wanted.cycle_id FOR SHARE;
    IF NOT FOUND OR cycle.state NOT IN ('open', 'closing') THEN
        RAISE EXCEPTION 'cycle % is % and takes no obligations', wanted.cycle_id, cycle.state
            USING ERRCODE = 'check_violation';
    ELSIF cycle.currency <> wanted.currency THEN
        RAISE EXCEPTION 'cycle % clears %, not %', wanted.cycle_id, cycle.currency, wanted.currency
            USING ERRCODE = 'check_violation';
    END IF;
END LOOP;

SELECT o.trade_id, o.kind INTO fault FROM new_rows o JOIN public.clearing_trade t ON t.id = o.trade_id
 WHERE o.currency <> t.currency
    OR o.kind = 'purchase' AND ((o.debtor_id, o.creditor_id, o.amount_minor, o.tax_minor, o.tax_rate_bp)
        IS DISTINCT FROM (t.buyer_id, t.seller_id, t.captured_price_minor, t.captured_tax_minor, t.captured_tax_rate_bp)
        OR t.state <> 'accepted' OR t.cycle_id <> o.cycle_id)
    OR o.kind = 'fee' AND o.deferred_from_id IS NULL AND ((o.debtor_id, o.amount_minor, o.tax_rate_bp)
        IS DISTINCT FROM (CASE t.fee_payer WHEN 'buyer' THEN t.buyer_id ELSE t.seller_id END,
        t.captured_fee_minor, t.captured_fee_tax_rate_bp)
        OR o.creditor_id IN (t.buyer_id, t.seller_id) OR t.state <> 'accepted' OR t.cycle_id <> o.cycle_id)
    OR o.kind = 'fee_refund' AND (o.creditor_id NOT IN (t.buyer_id, t.seller_id)
        OR o.debtor_id IN (t.buyer_id, t.seller_id))
    OR o.kind = 'withholding' AND o.deferred_from_id IS NULL
        AND (o.debtor_id, o.creditor_id, o.amount_minor)
            IS DISTINCT FROM (t.seller_id, t.buyer_id, t.captured_withholding_minor)
    OR o.kind = 'share' AND (o.debtor_id <> t.seller_id OR o.creditor_id IN (t.buyer_id, t.seller_id))
    OR o.kind = 'share_return' AND (o.creditor_id <> t.seller_id OR o.debtor_id IN (t.buyer_id, t.seller_id))
    OR o.kind IN ({CORRECTION_KINDS}) AND (o.debtor_id NOT IN (t.buyer_id, t.seller_id)
        OR o.creditor_id NOT IN (t.buyer_id, t.seller_id))
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION '% of trade % differs from the trade', fault.kind, fault.trade_id
        USING ERRCODE = 'check_violation';
END IF;

SELECT trade_id INTO fault FROM new_rows WHERE kind IN ({BASE_KINDS}) AND deferred_from_id IS NULL
 GROUP BY trade_id HAVING count(*) <> 2 OR count(DISTINCT cycle_id) <> 1 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'purchase and fee of trade % are not made together', fault.trade_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
