CREATE FUNCTION public.onward_transfer_barred(organisation bigint, hashes text[], source text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT e.agreement
      FROM public.delivery_entitlement e
      JOIN public.contracts_agreement a ON a.public_id = e.agreement
      JOIN public.contracts_instrument i ON i.id = a.instrument_id
     WHERE e.buyer_id = organisation
       AND (position(e.agreement IN source) > 0 OR position(e.listing IN source) > 0
            OR position(e.listing_version IN source) > 0
            OR public.copies_sent(e.agreement) AND EXISTS (
                SELECT FROM public.delivery_entitleddistribution f
                 WHERE f.entitlement_id = e.id AND f.sha256 = ANY (hashes)))
       AND i.content::jsonb #> '{plan,rights,enforced}' ? 'onward_transfer'
     ORDER BY e.id LIMIT 1
$$;
