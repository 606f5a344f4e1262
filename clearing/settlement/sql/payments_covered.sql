SELECT named.organisation_id, named.currency INTO fault
  FROM (SELECT DISTINCT organisation_id, currency FROM new_rows WHERE direction = 'out') named
  JOIN public.clearing_account a ON a.organisation_id = named.organisation_id
   AND a.currency = named.currency AND a.kind = 'receivable'
  JOIN public.clearing_balance b ON b.account_id = a.id
 WHERE -b.balance_minor < (
    SELECT sum(i.amount_minor) FROM public.clearing_settlementinstruction i
     WHERE i.organisation_id = named.organisation_id AND i.currency = named.currency
       AND i.direction = 'out' AND i.state IN ('planned', 'sending', 'unknown'))
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'payments to % in % exceed the amount due to it',
        fault.organisation_id, fault.currency USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
