CREATE OR REPLACE FUNCTION public.bank_days_after(day date, days integer) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT d::date FROM generate_series(($1 + 1)::timestamp, ($1 + 2 * $2 + 14)::timestamp, interval '1 day') AS d
     WHERE extract(isodow FROM d) < 6 AND to_char(d, 'MMDD') NOT IN ('1231', '0101', '0102', '0103')
     ORDER BY d OFFSET $2 - 1 LIMIT 1
$$;
