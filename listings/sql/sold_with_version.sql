IF EXISTS (SELECT FROM public.listings_listing WHERE id = NEW.{LISTING_COLUMN} AND state = 'on_sale')
   AND NOT EXISTS (
       SELECT FROM public.listings_listingversion WHERE listing_id = NEW.{LISTING_COLUMN} AND state = 'published'
   ) THEN
    RAISE EXCEPTION 'a listing on sale needs a published version' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
