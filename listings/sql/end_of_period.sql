CREATE FUNCTION public.end_of_period(began timestamptz, period text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    parts text[] := regexp_match(period, '^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?$');
    months integer := coalesce(parts[1], '0')::integer * 12 + coalesce(parts[2], '0')::integer;
    days integer := coalesce(parts[3], '0')::integer * 7 + coalesce(parts[4], '0')::integer;
    first_day date := (began AT TIME ZONE 'Asia/Tokyo')::date + 1;
    after date := (first_day + make_interval(months => months))::date;
BEGIN
    IF period IS NULL THEN
        RETURN NULL;
    END IF;
    IF parts IS NULL THEN
        RAISE EXCEPTION '% is no duration in years, months, weeks and days', period USING ERRCODE = 'check_violation';
    END IF;
    IF months = 0 AND days = 0 THEN
        RETURN began;
    END IF;
    IF extract(day FROM after) < extract(day FROM first_day) THEN
        after := after + 1;
    END IF;
    RETURN (after + days)::timestamp AT TIME ZONE 'Asia/Tokyo';
END
$$;
CREATE FUNCTION public.end_of_rights(rights jsonb, agreed_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT least(
        public.end_of_period(agreed_at, rights ->> 'duration'),
        ((rights ->> 'valid_until')::date + 1)::timestamp AT TIME ZONE 'Asia/Tokyo')
$$;
CREATE FUNCTION public.is_paid_in_time(rights jsonb, agreed_at timestamptz, funding_days integer) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(public.end_of_rights(rights, agreed_at) >= (
        CASE funding_days WHEN 0 THEN public.bank_days_after(agreed_on - 1, 1) ELSE public.bank_days_after(agreed_on, funding_days) END
        + 1)::timestamp AT TIME ZONE 'Asia/Tokyo', true)
      FROM (SELECT (agreed_at AT TIME ZONE 'Asia/Tokyo')::date AS agreed_on) AS of
$$;
