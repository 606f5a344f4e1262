SELECT coalesce(sum(p.net_minor), 0) AS net,
       coalesce(sum(p.purchases_minor + p.purchase_tax_minor + p.sales_minor + p.sales_tax_minor), 0) AS sales,
       coalesce(sum(p.fees_minor + p.fee_refunds_minor), 0) AS fees,
       coalesce(sum(p.fee_tax_minor + p.fee_refund_tax_minor), 0) AS fee_tax,
       coalesce(sum(p.shares_paid_minor + p.shares_received_minor), 0) AS shares,
       coalesce(sum(p.deferred_minor), 0) AS deferred,
       coalesce(sum(p.net_minor) FILTER (WHERE p.net_minor > 0), 0) AS due,
       count(*) FILTER (WHERE p.net_minor <> 0) AS parties
  INTO found FROM public.clearing_netposition p WHERE p.cycle_id = NEW.id;
IF (found.net, found.sales, found.fees, found.fee_tax, found.shares, found.deferred) <> (0, 0, 0, 0, 0, 0)
    OR (found.due, found.parties) <> (NEW.net_minor, NEW.payments_after)
THEN
    RAISE EXCEPTION 'the positions of cycle % do not sum to zero, or not to its figures', NEW.business_key
        USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT FROM (
        SELECT p.organisation_id, -(p.net_minor - p.purchases_minor - p.purchase_tax_minor) AS minor
          FROM public.clearing_netposition p
         WHERE p.cycle_id = NEW.id AND p.net_minor - p.purchases_minor - p.purchase_tax_minor < 0
           AND p.organisation_id <> (SELECT o.id FROM public.participants_organisation o WHERE o.is_operator)
    ) needed
      FULL JOIN (
        SELECT e.organisation_id, sum(l.amount_minor) AS minor FROM public.clearing_entry e
          JOIN public.clearing_posting l ON l.entry_id = e.id AND l.amount_minor > 0
         WHERE e.cycle_id = NEW.id AND e.kind = 'cover' GROUP BY e.organisation_id
    ) aside USING (organisation_id)
     WHERE needed.minor IS DISTINCT FROM aside.minor
) THEN
    RAISE EXCEPTION 'what is set aside for cycle % is not what its positions need', NEW.business_key
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
