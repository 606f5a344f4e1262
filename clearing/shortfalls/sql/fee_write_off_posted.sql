IF NOT EXISTS (
    SELECT FROM public.clearing_entry e JOIN public.clearing_posting p ON p.entry_id = e.id
      JOIN public.clearing_account a ON a.id = p.account_id AND a.kind = 'fees_receivable'
     WHERE e.reference = 'write_off:' || NEW.public_id AND p.amount_minor = -NEW.amount_minor
) THEN
    RAISE EXCEPTION '% is not posted', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
