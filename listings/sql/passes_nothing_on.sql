SELECT public.onward_transfer_barred(
           l.seller_id, ARRAY(SELECT d.sha256::text FROM public.listings_distribution d WHERE d.version_id = NEW.id),
           concat_ws(' ', l.source_name, l.source_url, l.source_licence))
  INTO barring FROM public.listings_listing l WHERE l.id = NEW.listing_id;
IF barring IS NOT NULL THEN
    RAISE EXCEPTION '% prohibits that this is passed on', barring
        USING ERRCODE = 'check_violation', CONSTRAINT = 'passes_nothing_on';
END IF;
RETURN NEW;
