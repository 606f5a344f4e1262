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
RETURN NEW;
