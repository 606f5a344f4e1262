SELECT number, closing_on, closing_balance_minor INTO newest FROM public.clearing_bankstatement
 WHERE currency = NEW.currency ORDER BY number DESC LIMIT 1;
IF NEW.number <> coalesce(newest.number, 0) + 1
   OR NEW.opening_balance_minor <> coalesce(newest.closing_balance_minor, 0)
   OR NEW.opening_on < newest.closing_on OR NEW.opening_on > newest.closing_on + {GAP_DAYS_MAX} THEN
    RAISE EXCEPTION 'statement % of % from % does not continue the one that closes on % with %',
        NEW.number, NEW.currency, NEW.opening_on, newest.closing_on, newest.closing_balance_minor
        USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (
    SELECT FROM public.clearing_clientaccount a WHERE a.currency = NEW.currency
       AND NEW.account = concat_ws('-', a.bank_code, a.branch_code, a.account_type, a.account_number)
       AND NEW.opening_on >= ((a.registered_at - interval '12 hours') AT TIME ZONE 'UTC')::date
) THEN
    RAISE EXCEPTION 'account % was not registered for % on %', NEW.account, NEW.currency, NEW.opening_on
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
