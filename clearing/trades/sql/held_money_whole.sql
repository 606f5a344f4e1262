IF NOT EXISTS (SELECT FROM new_rows WHERE trade_id IS NOT NULL) AND NOT EXISTS (
    SELECT FROM public.clearing_account
     WHERE kind = 'held' AND id = ANY(ARRAY(SELECT DISTINCT account_id FROM new_rows))
) THEN
    RETURN NULL;
END IF;

SELECT * INTO fault FROM (
    SELECT p.entry_id, p.leg, CASE
        WHEN p.trade_id IS NOT NULL AND t.id IS NULL THEN 'names no trade'
        WHEN a.id IS NOT NULL AND (
            t.buyer_id = a.organisation_id AND t.currency = p.currency AND CASE p.line
                WHEN 'hold' THEN p.amount_minor = {OPEN_PART} - t.gross_minor
                WHEN 'guaranteed_paid' THEN EXISTS (
                    SELECT FROM public.clearing_guaranteedpart g
                     WHERE g.trade_id = p.trade_id AND g.amount_minor = -p.amount_minor AND g.paid_at IS NOT NULL)
                WHEN 'unhold' THEN p.amount_minor > 0 AND t.gross_minor - {OPEN_PART} = (
                    SELECT sum(w.amount_minor) FROM new_rows w
                     WHERE w.trade_id = p.trade_id AND w.account_id = p.account_id AND w.line IN ('unhold', 'unused'))
                WHEN 'unused' THEN p.amount_minor > 0 AND EXISTS (
                    SELECT FROM new_rows w
                     WHERE w.trade_id = p.trade_id AND w.account_id = p.account_id AND w.line = 'unhold')
            END
        ) IS NOT TRUE THEN 'on held money is not the whole of a trade of its buyer'
        END AS reason
      FROM new_rows p
      LEFT JOIN LATERAL (
        SELECT id, organisation_id FROM public.clearing_account WHERE id = p.account_id AND kind = 'held' OFFSET 0
      ) a ON true
      LEFT JOIN LATERAL (
        SELECT id, buyer_id, currency, gross_minor FROM public.clearing_trade WHERE id = p.trade_id OFFSET 0
      ) t ON true
     WHERE p.trade_id IS NOT NULL OR a.id IS NOT NULL
) judged
 WHERE reason IS NOT NULL
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'posting %/% %', fault.entry_id, fault.leg, fault.reason USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
