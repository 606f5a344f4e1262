IF NOT EXISTS (
    SELECT FROM public.listings_listingversion WHERE id = NEW.version_id AND state = 'draft' FOR SHARE
) THEN
    RAISE EXCEPTION 'nothing is added to a version after its preparation' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
