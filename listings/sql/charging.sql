CREATE OR REPLACE FUNCTION public.is_charging(charging jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce(jsonb_typeof(charging) = 'object'
        AND (SELECT count(*) = 5 FROM jsonb_object_keys(charging))
        AND charging ->> 'kind' IN ({KINDS})
        AND (charging ->> 'charges')::integer BETWEEN 1 AND {CHARGES_MAX}
        AND (charging ->> 'period_months')::integer BETWEEN 1 AND {MONTHS_MAX}
        AND (charging ->> 'charges')::integer * (charging ->> 'period_months')::integer <= {TERM_MONTHS_MAX}
        AND (charging ->> 'kind' <> 'one_off' OR (charging ->> 'charges')::integer = 1
             AND (charging ->> 'period_months')::integer = 1 AND jsonb_typeof(charging -> 'first_period_from') = 'null')
        AND CASE charging ->> 'kind' WHEN 'metered'
            THEN (charging ->> 'unit_price_minor')::bigint BETWEEN 1 AND {AMOUNT_MINOR_MAX}
             AND jsonb_typeof(charging -> 'first_period_from') = 'null'
            ELSE jsonb_typeof(charging -> 'unit_price_minor') = 'null' END
        AND (jsonb_typeof(charging -> 'first_period_from') = 'null'
             OR (charging ->> 'first_period_from') ~ '^\d{4}-\d{2}-\d{2}$'
            AND (charging ->> 'first_period_from')::date IS NOT NULL), false);
END
$$;
CREATE OR REPLACE FUNCTION public.is_charged_in_time(charging jsonb, rights jsonb, agreed_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT charging IS NULL OR charging ->> 'kind' = 'one_off' OR coalesce((
        SELECT of.first_from >= of.agreed_on AND CASE charging ->> 'kind'
            WHEN 'instalment' THEN coalesce(of.ends >= (of.last_due + 1)::timestamp AT TIME ZONE 'Asia/Tokyo', true)
            ELSE of.ends >= of.last_until::timestamp AT TIME ZONE 'Asia/Tokyo' END
          FROM (SELECT given.*,
                       (first_from + make_interval(months => (charges - 1) * period_months))::date AS last_due,
                       (first_from + make_interval(months => charges * period_months))::date AS last_until
                  FROM (SELECT (agreed_at AT TIME ZONE 'Asia/Tokyo')::date AS agreed_on,
                               coalesce((charging ->> 'first_period_from')::date,
                                        (agreed_at AT TIME ZONE 'Asia/Tokyo')::date) AS first_from,
                               (charging ->> 'charges')::integer AS charges,
                               (charging ->> 'period_months')::integer AS period_months,
                               public.end_of_rights(rights, agreed_at) AS ends) given) of), false)
$$;
CREATE OR REPLACE FUNCTION public.total_of_terms(terms jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (terms ->> 'price_minor')::bigint
         * CASE WHEN terms #>> '{charging,kind}' IN ({PERIODIC}) THEN (terms #>> '{charging,charges}')::integer ELSE 1 END
$$;
CREATE OR REPLACE FUNCTION public.is_priced(charging jsonb, price_minor bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT charging IS NULL OR coalesce(price_minor BETWEEN 0 AND {AMOUNT_MINOR_MAX} AND CASE charging ->> 'kind'
        WHEN 'instalment' THEN price_minor >= (charging ->> 'charges')::integer
        WHEN 'one_off' THEN price_minor >= 1
        ELSE price_minor::numeric * (charging ->> 'charges')::integer <= {AMOUNT_MINOR_MAX}
         AND coalesce((charging ->> 'unit_price_minor')::bigint <= price_minor, true) END, false)
$$;
CREATE OR REPLACE FUNCTION public.is_paid_within_periods(charging jsonb, agreed_at timestamptz, funding_days integer) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT charging IS NULL OR charging ->> 'kind' NOT IN ({PERIODIC}) OR coalesce((
        SELECT bool_and(CASE WHEN of.due_on + 2 * funding_days + 20 < of.until THEN true
            ELSE public.bank_days_after(CASE funding_days WHEN 0 THEN of.due_on - 1 ELSE of.due_on END,
                                        greatest(funding_days, 1)) + 1 < of.until END)
          FROM (SELECT CASE number WHEN 1 THEN given.agreed_on
                       ELSE (given.first_from + make_interval(months => (number - 1) * given.months))::date END AS due_on,
                       (given.first_from + make_interval(months => number * given.months))::date AS until
                  FROM (SELECT (agreed_at AT TIME ZONE 'Asia/Tokyo')::date AS agreed_on,
                               coalesce((charging ->> 'first_period_from')::date,
                                        (agreed_at AT TIME ZONE 'Asia/Tokyo')::date) AS first_from,
                               (charging ->> 'period_months')::integer AS months) given,
                       generate_series(1, (charging ->> 'charges')::integer) AS number) of), false)
$$;
