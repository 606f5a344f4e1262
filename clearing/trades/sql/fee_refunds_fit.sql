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
RETURN NULL;
