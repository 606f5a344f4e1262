IF ({CHANGED}) AND (OLD.state <> 'draft' OR EXISTS (
    SELECT FROM public.listings_listingversion
    WHERE listing_id = OLD.id AND state IN ({PENDING})
)) THEN
    RAISE EXCEPTION 'what was judged and published of a listing cannot be changed' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
