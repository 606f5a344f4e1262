IF NOT EXISTS (SELECT FROM new_rows WHERE kind = 'fee_refund') THEN
    RETURN NULL;
END IF;
PERFORM FROM public.clearing_trade WHERE id IN (SELECT trade_id FROM new_rows WHERE kind = 'fee_refund')
  ORDER BY id FOR NO KEY UPDATE;

SELECT o.trade_id INTO fault FROM new_rows o JOIN public.clearing_trade t ON t.id = o.trade_id
  LEFT JOIN public.clearing_obligation f ON f.trade_id = t.id AND f.kind = 'fee'
 WHERE o.kind = 'fee_refund' AND o.source LIKE 'tier:%'
   AND (NOT t.fee_tiered OR o.source <> 'tier:' || t.public_id
    OR (o.creditor_id, o.debtor_id, o.cycle_id, o.tax_rate_bp)
       IS DISTINCT FROM (f.debtor_id, f.creditor_id, f.cycle_id, f.tax_rate_bp))
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the rebate of trade % is not of its fee', fault.trade_id
        USING ERRCODE = 'check_violation';
END IF;

SELECT t.id INTO fault FROM public.clearing_trade t JOIN public.clearing_obligation o ON o.trade_id = t.id
 WHERE o.kind = 'fee_refund' AND t.id IN (SELECT trade_id FROM new_rows WHERE kind = 'fee_refund')
 GROUP BY t.id
HAVING sum(CASE o.creditor_id
    WHEN CASE t.fee_payer WHEN 'buyer' THEN t.buyer_id ELSE t.seller_id END THEN o.amount_minor
    ELSE -o.amount_minor END) NOT BETWEEN 0 AND t.fee_minor
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'refunds of the fee of trade % exceed the fee', fault.id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
