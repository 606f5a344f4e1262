SELECT g.delivered_at INTO delivered FROM public.clearing_chargeplan p
  JOIN public.clearing_chargeprogress g ON g.plan_id = p.id
 WHERE p.agreement = NEW.agreement AND NEW.charging = 'instalment';
IF delivered IS NULL THEN
    SELECT g.billed_at INTO delivered FROM public.clearing_guaranteedpart g WHERE g.trade_id = NEW.id;
END IF;
IF NEW.accepted_at IS NOT NULL AND NEW.supplied_on IS DISTINCT FROM
   (coalesce(delivered, NEW.accepted_at) AT TIME ZONE 'Asia/Tokyo')::date THEN
    RAISE EXCEPTION 'the tax point of % is not the day on which its delivery was accepted', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
