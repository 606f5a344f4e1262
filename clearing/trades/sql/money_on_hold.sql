IF EXISTS (
    SELECT FROM public.clearing_trade t WHERE t.id = NEW.id
       AND CASE WHEN t.state IN ('secured', 'disputed') THEN t.gross_minor ELSE 0 END <> (
        SELECT coalesce(-sum(p.amount_minor), 0) FROM public.clearing_posting p
          JOIN public.clearing_account a ON a.id = p.account_id AND a.kind = 'held' WHERE p.trade_id = t.id)
) THEN
    RAISE EXCEPTION 'what is on hold for trade % is not what its state says', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
