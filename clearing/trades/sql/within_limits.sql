IF NOT EXISTS (SELECT FROM new_rows WHERE kind IN ({LIMITED}) AND deferred_from_id IS NULL) THEN
    RETURN NULL;
END IF;
PERFORM FROM public.clearing_trade
  WHERE id IN (SELECT trade_id FROM new_rows WHERE kind IN ({LIMITED}) AND deferred_from_id IS NULL)
  ORDER BY id FOR NO KEY UPDATE;

SELECT t.public_id, {EXCEEDED} AS passed INTO fault
  FROM public.clearing_trade t CROSS JOIN LATERAL ({GIVEN}) given
 WHERE t.id IN (SELECT trade_id FROM new_rows WHERE kind IN ({LIMITED}) AND deferred_from_id IS NULL)
   AND {EXCEEDED} IS NOT NULL
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'what is given back or charged of trade % exceeds %', fault.public_id, fault.passed
        USING ERRCODE = 'check_violation';
END IF;

SELECT t.public_id, o.kind INTO fault FROM new_rows o JOIN public.clearing_trade t ON t.id = o.trade_id
 WHERE o.deferred_from_id IS NULL AND (
       o.kind IN ({AFTER_ACCEPTANCE}) AND o.reverses_id IS NULL AND t.state <> 'accepted'
    OR o.kind IN ({PRICE_CORRECTIONS}) AND (o.tax_rate_bp <> {RATE}
        OR o.reverses_id IS NULL AND t.charging = 'metered' AND t.state <> 'accepted'))
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'trade % takes no % now, or at another rate of tax', fault.public_id, fault.kind
        USING ERRCODE = 'check_violation';
END IF;

SELECT o.trade_id INTO fault FROM new_rows o LEFT JOIN public.clearing_obligation r ON r.id = o.reverses_id
 WHERE o.reverses_id IS NOT NULL AND (
       o.kind NOT IN ({CORRECTION_KINDS}) OR r.reverses_id IS NOT NULL OR r.deferred_from_id IS NOT NULL
    OR (r.trade_id, r.kind, r.debtor_id, r.creditor_id, r.amount_minor, r.currency)
       IS DISTINCT FROM (o.trade_id, o.kind, o.creditor_id, o.debtor_id, o.amount_minor, o.currency))
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'a reversal of trade % is not of its correction', fault.trade_id
        USING ERRCODE = 'check_violation';
END IF;

SELECT o.trade_id INTO fault FROM new_rows o JOIN public.clearing_trade t ON t.id = o.trade_id
 WHERE o.kind = '{SHARE}' AND o.deferred_from_id IS NULL AND NOT EXISTS (
    SELECT FROM public.clearing_chargeplan p JOIN public.clearing_plannedshare s ON s.plan_id = p.id
     WHERE p.agreement = t.agreement AND s.organisation_id = o.creditor_id
       AND s.beneficiary_key = o.beneficiary_key)
   AND NOT EXISTS (
    SELECT FROM public.clearing_chargeplan p CROSS JOIN LATERAL public.pool_shares_on(t.listing::text, (
            SELECT c.due_on FROM public.clearing_plannedcharge c WHERE c.plan_id = p.id AND c.charge = t.charge
             ORDER BY c.version DESC LIMIT 1)) s
     WHERE p.agreement = t.agreement AND p.pooled AND s.organisation_id = o.creditor_id)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the creditor of a share of trade % is not a beneficiary of its plan or pool', fault.trade_id
        USING ERRCODE = 'check_violation';
END IF;

IF EXISTS (SELECT FROM new_rows WHERE deferred_from_id IS NULL AND kind = '{SHARE_RETURN}') THEN
    SELECT o.trade_id INTO fault FROM new_rows o LEFT JOIN public.clearing_obligation s
        ON s.trade_id = o.trade_id AND s.kind = '{SHARE}' AND s.deferred_from_id IS NULL
       AND (s.debtor_id, s.creditor_id, s.beneficiary_key) = (o.creditor_id, o.debtor_id, o.beneficiary_key)
     WHERE o.kind = '{SHARE_RETURN}' AND o.deferred_from_id IS NULL AND s.id IS NULL
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'what is clawed back of trade % is no share of it', fault.trade_id
            USING ERRCODE = 'check_violation';
    END IF;
    SELECT shares.trade_id INTO fault FROM ({SHARE_LEFT}
       AND s.trade_id IN (SELECT trade_id FROM new_rows WHERE kind = '{SHARE_RETURN}')) shares
     WHERE clawed > coalesce(most, 0)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'what is clawed back of trade % exceeds the part of the price that was given back', fault.trade_id
            USING ERRCODE = 'check_violation';
    END IF;
END IF;
IF NOT EXISTS (SELECT FROM new_rows WHERE kind = '{FEE_REFUND}') THEN
    RETURN NULL;
END IF;
{ACQUIRE_FEE_REFUND_LOCK}
SELECT * INTO fault FROM ({REFUNDED_WRONG} AND o.creditor_id IN (
    SELECT creditor_id FROM new_rows WHERE kind = '{FEE_REFUND}')
    GROUP BY 1, 2, 3 HAVING {TAX_DIFFERS}) wrong LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the tax of refunded fees is not that of their sum, rounded once' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
