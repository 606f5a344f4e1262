INSERT INTO public.clearing_balance (account_id, side, balance_minor)
SELECT id, side, 0 FROM new_rows WHERE kind IN ({LIMITED_KINDS});
RETURN NULL;
