IF NOT ({APPROVED}) THEN
    RAISE EXCEPTION 'reduction % of the reserve was approved by no second person, or takes effect before its notice is over',
        NEW.public_id USING ERRCODE = 'check_violation';
END IF;
PERFORM FROM public.clearing_balance b JOIN public.clearing_account a ON a.id = b.account_id
  WHERE a.kind = 'reserve' AND a.currency = NEW.currency FOR UPDATE OF b;
IF NEW.amount_minor > {FREE_RESERVE} THEN
    RAISE EXCEPTION 'reduction % takes what claims and other reductions need of the reserve', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
