IF NOT EXISTS (
    SELECT FROM public.clearing_feewriteoff w JOIN public.clearing_trade t ON t.id = w.trade_id
      JOIN public.clearing_entry e ON e.reference = 'write_off:' || NEW.public_id
      JOIN public.clearing_posting p ON p.entry_id = e.id
      JOIN public.clearing_account a ON a.id = p.account_id AND a.kind = 'tax_payable'
     WHERE w.id = NEW.write_off_id AND NEW.tax_minor = {TAX_CONTAINED} AND p.amount_minor = NEW.tax_minor
) THEN
    RAISE EXCEPTION '% is not the tax of its write-off, or is not posted', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
