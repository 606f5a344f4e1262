IF TG_OP = 'UPDATE' THEN
    IF NEW.refusals NOT IN (OLD.refusals, OLD.refusals + 1) THEN
        RAISE EXCEPTION 'refused downloads are counted one by one' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END IF;
IF NEW.refusals <> 1 OR NEW.noticed_at IS NOT NULL THEN
    RAISE EXCEPTION 'refused downloads are counted one by one, from one on' USING ERRCODE = 'check_violation';
END IF;
IF NEW.day <> (NEW.first_at AT TIME ZONE 'Asia/Tokyo')::date OR NOT EXISTS (
    SELECT FROM public.delivery_entitlement d
     WHERE d.id = NEW.entitlement_id AND d.buyer_identifier = NEW.buyer AND d.listing = NEW.listing) THEN
    RAISE EXCEPTION 'refused downloads are those of a day, of access that was granted to the buyer'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
