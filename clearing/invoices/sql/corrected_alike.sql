SELECT i.number, r.number AS replaced INTO fault
  FROM new_rows i JOIN public.clearing_invoice r ON r.id = i.replaces_id
 WHERE (i.issuer_id, i.recipient_id, i.supplier_id, i.purpose, i.kind, i.cycle_id, i.obligation_id, i.currency,
        i.net_minor, i.tax_minor, i.total_minor)
       IS DISTINCT FROM
       (r.issuer_id, r.recipient_id, r.supplier_id, r.purpose, r.kind, r.cycle_id, r.obligation_id, r.currency,
        r.net_minor, r.tax_minor, r.total_minor)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'invoice % does not state the parties and amounts of % that it replaces',
        fault.number, fault.replaced USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
