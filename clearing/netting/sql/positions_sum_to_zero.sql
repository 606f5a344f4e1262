SELECT p.cycle_id INTO fault FROM new_rows p JOIN public.clearing_cycle c ON c.id = p.cycle_id
 GROUP BY p.cycle_id, c.state, c.currency
HAVING sum(p.net_minor) <> 0
    OR sum(p.purchases_minor + p.purchase_tax_minor + p.sales_minor + p.sales_tax_minor) <> 0
    OR sum(p.fees_minor + p.fee_refunds_minor) <> 0
    OR sum(p.fee_tax_minor + p.fee_refund_tax_minor) <> 0
    OR sum(p.shares_paid_minor + p.shares_received_minor) <> 0
    OR sum(p.deferred_minor) <> 0
    OR bool_or(p.currency <> c.currency)
    OR c.state <> 'validated'
    OR count(*) <> (SELECT count(*) FROM public.clearing_netposition all_rows WHERE all_rows.cycle_id = p.cycle_id)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'positions of cycle % do not sum to zero, or are not inserted together at netting',
        fault.cycle_id USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
