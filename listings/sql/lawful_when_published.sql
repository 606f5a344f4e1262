IF NEW.state = 'published' AND EXISTS (
    SELECT FROM public.listings_listing
    WHERE id = NEW.listing_id AND personal_data_class IN ({NEVER_FOR_SALE})
) THEN
    RAISE EXCEPTION 'pseudonymised information is never for sale' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
