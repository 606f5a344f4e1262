INSERT INTO public.clearing_balance (account_id, side, balance_minor)
SELECT id, CASE WHEN kind IN ({LIMITED_KINDS}) THEN side ELSE 0 END, 0 FROM new_rows;
RETURN NULL;
