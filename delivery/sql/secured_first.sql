IF NOT EXISTS (
    SELECT FROM public.events_outboxevent e
    WHERE e.public_id = NEW.secured_event AND e.type = 'trade.secured'
      AND e.data->>'trade' = NEW.trade AND e.data->>'agreement' = NEW.agreement
      AND e.data->>'listing_version' = NEW.listing_version
      AND e.data->>'buyer' = NEW.buyer_identifier AND e.data->>'seller' = NEW.seller_identifier
) THEN
    RAISE EXCEPTION 'access implies that payment is secured: no such event'
        USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (
    SELECT FROM public.participants_organisation b, public.participants_organisation s
    WHERE b.id = NEW.buyer_id AND b.public_id = NEW.buyer_identifier
      AND s.id = NEW.seller_id AND s.public_id = NEW.seller_identifier
) THEN
    RAISE EXCEPTION 'the parties of an entitlement are those of its trade'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
