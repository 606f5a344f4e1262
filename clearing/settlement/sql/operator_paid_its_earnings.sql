SELECT i.reference, i.amount_minor INTO fault FROM new_rows i
 WHERE i.direction = 'out' AND i.purpose <> 'surplus'
   AND i.organisation_id = (SELECT o.id FROM public.participants_organisation o WHERE o.is_operator)
   AND i.amount_minor > coalesce((
    SELECT -sum(p.amount_minor) FROM public.clearing_cycle c
      JOIN public.clearing_entry e ON e.cycle_id = c.id AND e.kind = 'cycle'
      JOIN public.clearing_posting p ON p.entry_id = e.id
      JOIN public.clearing_account a ON a.id = p.account_id AND a.kind IN ('fee_revenue', 'fees_receivable', 'tax_payable', 'write_off')
     WHERE c.id = i.cycle_id AND c.posted_at IS NOT NULL AND c.currency = i.currency), 0)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'payment % of % to the operator exceeds what it earned in the cycle', fault.reference,
        fault.amount_minor USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
