SELECT m.month INTO fault FROM new_rows s
  JOIN public.clearing_statementmonth m ON m.currency = s.currency AND m.month = s.month
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'the month % is finished and takes no further statement', fault.month USING ERRCODE =
    'check_violation'; END IF; RETURN NULL;
