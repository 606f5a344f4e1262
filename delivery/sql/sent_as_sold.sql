IF NEW.sent_sha256 IS NULL AND NEW.sent_sha512 IS NULL THEN
    RETURN NEW;
END IF;
IF NEW.abort_reason = 'damaged' OR NOT EXISTS (
    SELECT FROM public.delivery_entitleddistribution d
    WHERE d.id = NEW.distribution_id AND d.sha256 = NEW.sent_sha256 AND d.sha512 = NEW.sent_sha512
      AND (
          SELECT range_agg(int8range(part.first_byte, part.first_byte + part.sent_bytes))
          FROM (
              SELECT NEW.first_byte, NEW.sent_bytes
              UNION ALL
              SELECT l.first_byte, l.sent_bytes FROM public.delivery_download l
              WHERE l.entitlement_id = NEW.entitlement_id AND l.distribution_id = NEW.distribution_id
                AND l.inspection_id = NEW.inspection_id AND l.id <> NEW.id AND l.state <> 'sending'
                AND l.abort_reason IS DISTINCT FROM 'damaged'
          ) part
      ) @> int8range(0, d.size_bytes)
) THEN
    RAISE EXCEPTION 'what was sent is not what was sold'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
