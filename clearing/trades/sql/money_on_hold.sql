IF EXISTS (
    SELECT FROM public.clearing_trade t WHERE t.id = {TRADE}
       AND CASE WHEN t.state IN ('secured', 'disputed') THEN t.gross_minor - {OPEN_PART} ELSE 0 END <> (
        SELECT coalesce(-sum(p.amount_minor), 0) FROM public.clearing_posting p
          JOIN public.clearing_account a ON a.id = p.account_id AND a.kind = 'held' WHERE p.trade_id = t.id)
) THEN
    RAISE EXCEPTION 'what is on hold for trade % is not what its state says',
        (SELECT public_id FROM public.clearing_trade WHERE id = {TRADE}) USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT FROM public.clearing_trade t JOIN public.clearing_guaranteedpart g ON g.trade_id = t.id
     WHERE t.id = {TRADE} AND {UNFIT}
) THEN
    RAISE EXCEPTION 'the guaranteed part of trade % is not what its state says',
        (SELECT public_id FROM public.clearing_trade WHERE id = {TRADE}) USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
