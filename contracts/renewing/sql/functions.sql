CREATE OR REPLACE FUNCTION public.signed_versions(agreement_key bigint)
RETURNS TABLE (number integer, from_charge integer, effective_at timestamptz, said jsonb, in_force_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT 1, 1, a.concluded_at, i.content::jsonb, a.concluded_at
      FROM public.contracts_agreement a JOIN public.contracts_instrument i ON i.id = a.instrument_id WHERE a.id = agreement_key
    UNION ALL
    SELECT v.number::integer, v.from_charge::integer, v.effective_at, coalesce(i.content, d.content)::jsonb, greatest(v.effective_at, v.made_at)
      FROM public.contracts_agreementversion v LEFT JOIN public.contracts_instrument i ON i.id = v.instrument_id
      LEFT JOIN public.contracts_renewaldocument d ON d.id = v.renewal_id
     WHERE v.agreement_id = agreement_key
$$;
CREATE FUNCTION public.notice_of_renewal(said jsonb, agreed_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT public.end_of_rights(said #> '{terms,rights}', agreed_at)
         - make_interval(hours => 24 * (said #>> '{terms,renewal,notice_days}')::integer)
$$;
CREATE FUNCTION public.lasting_renewed(said jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT 'P' || (12 * extract(year FROM lasting) + extract(month FROM lasting) + (said #>> '{terms,renewal,months}')::integer)::integer || 'M'
      FROM (SELECT (said #>> '{terms,rights,duration}')::interval AS lasting) AS stated
$$;
CREATE FUNCTION public.is_renewal(terms jsonb, agreed_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (terms #>> '{renewal,notice_days}')::integer BETWEEN {NOTICE_LOWEST} AND {NOTICE_HIGHEST}
       AND public.notice_of_renewal(jsonb_build_object('terms', terms), agreed_at) > agreed_at
       AND (CASE terms #>> '{renewal,kind}'
            WHEN 'by_agreement' THEN (terms -> 'renewal') - 'kind' - 'notice_days' = '{}'
            WHEN 'automatic' THEN (terms #>> '{renewal,months}')::integer BETWEEN {MONTHS_LOWEST} AND {MONTHS_HIGHEST}
                AND (terms #>> '{renewal,times_max}')::integer BETWEEN {TIMES_LOWEST} AND {TIMES_HIGHEST}
                AND (terms -> 'renewal') - 'kind' - 'notice_days' - 'months' - 'times_max' = '{}'
                AND terms #>> '{charging,kind}' = 'subscription' AND terms #> '{charging,adjustments}' IS NULL
                AND coalesce(terms -> 'commission', 'null') = 'null'
                AND terms #>> '{rights,valid_until}' IS NULL AND terms #>> '{rights,duration}' ~ '^P(\d+Y)?(\d+M)?$'
                AND extract(year FROM (terms #>> '{rights,duration}')::interval) * 12 + extract(month FROM (terms #>> '{rights,duration}')::interval)
                    = (terms #>> '{charging,charges}')::integer * (terms #>> '{charging,period_months}')::integer
                AND (terms #>> '{renewal,months}')::integer % (terms #>> '{charging,period_months}')::integer = 0
                AND (terms #>> '{renewal,notice_days}')::integer < {SHORTEST_MONTH} * (terms #>> '{renewal,months}')::integer
            ELSE false END)
$$;
