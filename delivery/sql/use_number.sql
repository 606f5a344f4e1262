CREATE FUNCTION public.use_number(of_distribution bigint, more_bytes bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    one record;
    used bigint := 0;
    size bigint;
BEGIN
    SELECT greatest(size_bytes, 1) INTO size FROM public.delivery_entitleddistribution WHERE id = of_distribution;
    FOR one IN
        SELECT n.round = max(n.round) OVER () AS is_latest, coalesce((
            SELECT sum(CASE WHEN l.state = 'sending' THEN l.length_bytes
                            WHEN l.abort_reason IS NOT DISTINCT FROM 'damaged' THEN 0 ELSE l.sent_bytes END)
              FROM public.delivery_download l
             WHERE l.inspection_id = n.id AND l.distribution_id = of_distribution), 0)::bigint AS bytes
          FROM public.delivery_inspection n
          JOIN public.delivery_entitleddistribution f ON f.entitlement_id = n.entitlement_id
         WHERE f.id = of_distribution ORDER BY n.round
    LOOP
        -- What is delivered again after a dispute takes the place of one use.
        used := greatest(used - 1, 0);
        IF one.is_latest THEN
            RETURN used + (one.bytes + greatest(more_bytes, 1) + size - 1) / size;
        END IF;
        used := used + one.bytes / size;
    END LOOP;
    RETURN 1;
END
$$;
