CREATE FUNCTION public.signed_versions(agreement_key bigint)
RETURNS TABLE (number integer, from_charge integer, effective_at timestamptz, said jsonb, in_force_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT 1, 1, a.concluded_at, i.content::jsonb, a.concluded_at
      FROM public.contracts_agreement a JOIN public.contracts_instrument i ON i.id = a.instrument_id WHERE a.id = agreement_key
    UNION ALL
    SELECT v.number::integer, v.from_charge::integer, v.effective_at, i.content::jsonb, greatest(v.effective_at, v.made_at)
      FROM public.contracts_agreementversion v JOIN public.contracts_instrument i ON i.id = v.instrument_id
     WHERE v.agreement_id = agreement_key
$$;
CREATE FUNCTION public.signed_in_force(agreement_key bigint, moment timestamptz) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT v.said FROM public.signed_versions(agreement_key) v
     WHERE v.number = 1 OR v.in_force_at <= moment ORDER BY v.number DESC LIMIT 1
$$;
CREATE FUNCTION public.plan_of_charge(agreement_name text, charge_number integer) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT v.said -> 'plan' FROM public.contracts_agreement a CROSS JOIN LATERAL public.signed_versions(a.id) v
     WHERE a.public_id = agreement_name AND v.from_charge <= charge_number ORDER BY v.number DESC LIMIT 1
$$;
CREATE FUNCTION public.end_as_amended(before jsonb, after jsonb, agreed_at timestamptz, standing timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT least(
        public.end_of_rights(after - 'valid_until', agreed_at)
          + coalesce(greatest(standing - public.end_of_rights(before, agreed_at), interval '0'), interval '0'),
        public.end_of_rights(after - 'duration', agreed_at))
$$;
