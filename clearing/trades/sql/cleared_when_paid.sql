IF EXISTS (
    SELECT FROM new_rows o JOIN public.clearing_guaranteedpart g ON g.trade_id = o.trade_id AND g.paid_at IS NULL
) THEN
    RAISE EXCEPTION 'a trade is cleared once its guaranteed part is paid' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
