IF NOT EXISTS (SELECT FROM new_rows WHERE kind IN ({WITHIN_CAPTURED})
                  AND deferred_from_id IS NULL) THEN
    RETURN NULL;
END IF;
SELECT t.public_id, owed.* INTO fault
  FROM public.clearing_trade t CROSS JOIN LATERAL (
    SELECT coalesce(sum(o.amount_minor) FILTER (WHERE o.kind = 'share'), 0) AS shared,
           coalesce(sum(CASE WHEN o.debtor_id = t.seller_id THEN o.amount_minor ELSE -o.amount_minor END)
               FILTER (WHERE o.kind IN ({PRICE_CORRECTIONS})), 0) AS returned,
           coalesce(sum(CASE WHEN o.debtor_id = t.seller_id THEN o.tax_minor ELSE -o.tax_minor END)
               FILTER (WHERE o.kind IN ({PRICE_CORRECTIONS})), 0) AS returned_tax,
           coalesce(sum(o.amount_minor) FILTER (WHERE o.kind = 'fee_refund'), 0) AS fee_returned
      FROM public.clearing_obligation o WHERE o.trade_id = t.id AND o.deferred_from_id IS NULL) owed
 WHERE t.id IN (SELECT trade_id FROM new_rows WHERE kind IN ({WITHIN_CAPTURED})
                   AND reverses_id IS NULL AND deferred_from_id IS NULL)
   AND (t.state <> 'accepted' OR owed.shared > t.captured_price_minor
        OR owed.returned > t.captured_price_minor OR owed.returned_tax > t.captured_tax_minor
        OR owed.fee_returned > t.captured_fee_minor)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'shares or refunds of trade % exceed its captured amount', fault.public_id
        USING ERRCODE = 'check_violation';
END IF;
SELECT o.trade_id INTO fault FROM new_rows o JOIN public.clearing_trade t ON t.id = o.trade_id
 WHERE o.kind = 'share' AND o.deferred_from_id IS NULL AND NOT EXISTS (
    SELECT FROM public.clearing_chargeplan p JOIN public.clearing_plannedshare s ON s.plan_id = p.id
     WHERE p.agreement = t.agreement AND s.organisation_id = o.creditor_id
       AND s.beneficiary_key = o.beneficiary_key)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the creditor of a share of trade % is not a beneficiary of its plan', fault.trade_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
