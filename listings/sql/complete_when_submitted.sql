IF NEW.state IN ({PENDING}, 'published') AND NOT (
    EXISTS (SELECT FROM public.listings_distribution WHERE version_id = NEW.id)
    AND EXISTS (SELECT FROM public.listings_offer WHERE version_id = NEW.id)
) THEN
    RAISE EXCEPTION 'a version needs a file and an offer' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
