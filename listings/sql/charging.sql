CREATE OR REPLACE FUNCTION public.is_metering(metering jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_typeof(metering) = 'object'
        AND (SELECT array_agg(stated ORDER BY stated) = ARRAY['free_uses', 'tiers', 'trial_days', 'trial_uses']
               FROM jsonb_object_keys(metering) AS named(stated))
        AND (metering ->> 'free_uses')::bigint BETWEEN 0 AND {USES_MAX}
        AND (metering ->> 'trial_days')::bigint BETWEEN 0 AND {TRIAL_DAYS_MAX}
        AND (metering ->> 'trial_uses')::bigint BETWEEN 0 AND {USES_MAX}
        AND 0 IN ((metering ->> 'trial_days')::bigint, (metering ->> 'trial_uses')::bigint)
        AND jsonb_typeof(metering -> 'tiers') = 'array'
        AND jsonb_array_length(metering -> 'tiers') <= {TIERS_MAX}
        AND ((metering ->> 'free_uses')::bigint + (metering ->> 'trial_days')::bigint + (metering ->> 'trial_uses')::bigint > 0
             OR jsonb_array_length(metering -> 'tiers') > 0)
        AND NOT EXISTS (
            SELECT FROM jsonb_array_elements(metering -> 'tiers') AS tier(value)
             WHERE CASE jsonb_typeof(tier.value) WHEN 'object' THEN tier.value - 'from_use' - 'unit_price_minor' <> '{}'::jsonb ELSE true END)
        AND NOT EXISTS (
            SELECT FROM (
                SELECT (tier.value ->> 'from_use')::bigint AS from_use, (tier.value ->> 'unit_price_minor')::bigint AS price,
                       lag((tier.value ->> 'from_use')::bigint, 1, greatest((metering ->> 'free_uses')::bigint, 1))
                           OVER (ORDER BY tier.at) AS before
                  FROM jsonb_array_elements(metering -> 'tiers') WITH ORDINALITY AS tier(value, at)) listed
             WHERE coalesce(from_use <= before OR from_use > {USES_MAX} OR price NOT BETWEEN 0 AND {AMOUNT_MINOR_MAX}, true))
        , false)
$$;
CREATE OR REPLACE FUNCTION public.is_shares(shares jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_typeof(shares) = 'array' AND jsonb_array_length(shares) BETWEEN 1 AND {SHARES_MAX}
        AND (SELECT count(DISTINCT share.value ->> 'organisation') = count(*)
                AND sum((share.value ->> 'share_bp')::integer) <= {BASIS_POINTS}
                AND bool_and(share.value ->> 'organisation' ~ '^org_[0-9A-Za-z]+$'
                             AND (share.value ->> 'share_bp')::integer >= 1
                             AND share.value - 'organisation' - 'share_bp' = '{}'::jsonb)
               FROM jsonb_array_elements(shares) AS share(value)), false)
$$;
CREATE OR REPLACE FUNCTION public.is_adjustments(adjustments jsonb, charging text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_typeof(adjustments) = 'array' AND jsonb_array_length(adjustments) BETWEEN 1 AND 3
        AND (SELECT count(DISTINCT clause.value ->> 'kind') = count(*)
                AND bool_and(coalesce(CASE clause.value ->> 'kind'
                    WHEN 'index' THEN charging = 'subscription'
                        AND clause.value ->> 'index' ~ '^[a-z][a-z0-9_.-]{0,39}$'
                        AND (clause.value ->> 'base_milli')::bigint BETWEEN 1 AND {VALUE_MAX}
                        AND (clause.value ->> 'floor_bp')::integer BETWEEN 0 AND {BASIS_POINTS}
                        AND (clause.value ->> 'cap_bp')::integer BETWEEN {BASIS_POINTS} AND 2 * {BASIS_POINTS}
                    WHEN 'quality' THEN charging = 'subscription'
                        AND (clause.value ->> 'at_least_bp')::integer BETWEEN 1 AND {BASIS_POINTS}
                        AND (clause.value ->> 'reduction_bp')::integer BETWEEN 1 AND {BASIS_POINTS}
                    WHEN 'volume' THEN charging = 'metered'
                        AND (clause.value ->> 'beyond_uses')::bigint BETWEEN 1 AND {USES_MAX}
                        AND (clause.value ->> 'reduction_bp')::integer BETWEEN 1 AND {BASIS_POINTS}
                    ELSE false END, false))
               FROM jsonb_array_elements(adjustments) AS clause(value)), false)
$$;
CREATE OR REPLACE FUNCTION public.adjusted_price(clause jsonb, before_minor bigint, value bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (CASE clause ->> 'kind'
        WHEN 'index' THEN least(greatest(
            div(before_minor::numeric * value, (clause ->> 'base_milli')::numeric),
            div(before_minor::numeric * (clause ->> 'floor_bp')::numeric, {BASIS_POINTS})),
            div(before_minor::numeric * (clause ->> 'cap_bp')::numeric, {BASIS_POINTS}))
        ELSE before_minor - CASE
            WHEN clause ->> 'kind' = 'volume' AND value > (clause ->> 'beyond_uses')::bigint
              OR clause ->> 'kind' = 'quality' AND value < (clause ->> 'at_least_bp')::bigint
            THEN div(before_minor::numeric * (clause ->> 'reduction_bp')::numeric, {BASIS_POINTS}) ELSE 0 END
        END)::bigint
$$;
CREATE OR REPLACE FUNCTION public.price_of_uses(unit_price_minor bigint, metering jsonb, uses numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(sum(price * greatest(least(uses, coalesce(following - 1, uses))
                                         - greatest(from_use - 1, coalesce((metering ->> 'free_uses')::numeric, 0)), 0)), 0)
      FROM (SELECT from_use, price, lead(from_use) OVER (ORDER BY from_use) AS following
              FROM (SELECT 1::numeric AS from_use, unit_price_minor::numeric AS price
                    UNION ALL
                    SELECT (tier.value ->> 'from_use')::numeric, (tier.value ->> 'unit_price_minor')::numeric
                      FROM jsonb_array_elements(coalesce(metering -> 'tiers', '[]'::jsonb)) AS tier(value)) stated) tiers
$$;
CREATE OR REPLACE FUNCTION public.is_charging(charging jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce(jsonb_typeof(charging) = 'object'
        AND (SELECT count(*) = 5 FROM jsonb_object_keys(charging - 'metering' - 'shares' - 'adjustments'))
        AND (charging -> 'adjustments' IS NULL OR public.is_adjustments(charging -> 'adjustments', charging ->> 'kind'))
        AND (charging -> 'shares' IS NULL OR public.is_shares(charging -> 'shares'))
        AND (charging -> 'metering' IS NULL OR charging ->> 'kind' = 'metered' AND public.is_metering(charging -> 'metering'))
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
            ELSE of.ends >= of.last_until::timestamp AT TIME ZONE 'Asia/Tokyo'
             AND of.agreed_on + coalesce((charging #>> '{metering,trial_days}')::integer, 0) < of.last_until END
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
        WHEN 'one_off' THEN true
        ELSE price_minor >= 1 AND price_minor::numeric * (charging ->> 'charges')::integer <= {AMOUNT_MINOR_MAX}
         AND coalesce((charging ->> 'unit_price_minor')::bigint <= price_minor, true)
         AND NOT EXISTS (SELECT FROM jsonb_array_elements(coalesce(charging #> '{metering,tiers}', '[]'::jsonb)) AS tier(value)
                          WHERE (tier.value ->> 'unit_price_minor')::bigint > price_minor) END, false)
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
