PERFORM FROM public.clearing_chargeprogress WHERE plan_id IN (
    SELECT c.plan_id FROM new_rows r JOIN public.clearing_plannedcharge c ON c.id = r.planned_id
) ORDER BY id FOR UPDATE;
SELECT u.usage INTO fault FROM new_rows u
  LEFT JOIN public.clearing_plannedcharge c ON c.id = u.planned_id
  LEFT JOIN public.clearing_chargeplan p ON p.id = c.plan_id
 WHERE u.charged_minor > 0 AND (
       p.charging IS DISTINCT FROM 'metered' OR p.agreement <> u.agreement OR p.currency <> u.currency
       OR c.price_minor < (SELECT sum(w.charged_minor) FROM public.clearing_usagerecord w
                            WHERE w.planned_id = u.planned_id)
       OR EXISTS (SELECT FROM public.clearing_trade t WHERE t.agreement = u.agreement AND t.charge = c.charge
                     AND t.state IN ('accepted', 'refunded', 'failed')))
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'use % cannot be charged: it exceeds its period or its ceiling', fault.usage
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
