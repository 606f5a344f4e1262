SELECT min(recorded_at) AS recorded_first, max(recorded_at) AS recorded_last,
       min(booked_at) FILTER (WHERE kind <> 'cycle') AS booked_first,
       max(booked_at) FILTER (WHERE kind <> 'cycle') AS booked_last INTO named FROM new_rows;
IF NOT public.is_business_present(named.booked_first, named.booked_last)
   OR NOT public.is_real_present(named.recorded_first, named.recorded_last) THEN
    RAISE EXCEPTION 'an entry is booked at % and recorded at %, not now', named.booked_first, named.recorded_first
        USING ERRCODE = 'check_violation';
END IF;
SELECT e.reference, e.business_date, e.booked_at INTO fault FROM new_rows e
 WHERE e.business_date NOT BETWEEN ((e.booked_at - interval '12 hours') AT TIME ZONE 'UTC')::date
                               AND ((e.booked_at + interval '14 hours') AT TIME ZONE 'UTC')::date LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'entry % of % is not of the day on which it is booked', fault.reference, fault.business_date
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
