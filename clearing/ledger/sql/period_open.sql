{SHARE_PERIOD_LOCK}
SELECT min(business_date) INTO earliest FROM new_rows;
SELECT max(month) INTO closed FROM public.clearing_ledgerperiod;
IF closed IS NOT NULL AND earliest < closed + interval '1 month' THEN
    RAISE EXCEPTION 'the books of % are closed: no entry is posted on %', closed, earliest
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
