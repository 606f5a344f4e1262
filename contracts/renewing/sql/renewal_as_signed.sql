SELECT * INTO a FROM public.contracts_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
IF TG_OP = 'INSERT' THEN
    SELECT v.number, v.said INTO last FROM public.signed_versions(a.id) v ORDER BY v.number DESC LIMIT 1;
    IF a.state IS DISTINCT FROM 'in_force'
       OR (NEW.version::integer, NEW.kind::text, NEW.notice_by) IS DISTINCT FROM
          (last.number, last.said #>> '{terms,renewal,kind}', public.notice_of_renewal(last.said, a.concluded_at))
       OR NEW.notice_by <= public.business_now()
       OR NEW.turn <> 1 + (SELECT count(*) FROM public.contracts_renewal r WHERE r.agreement_id = a.id AND r.state = 'renewed')
       OR NEW.turn > coalesce((last.said #>> '{terms,renewal,times_max}')::integer, NEW.turn) THEN
        RAISE EXCEPTION 'a renewal is what the last version states, while its day of notice is to come'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'renewal_as_signed';
    END IF;
    IF EXISTS (
        SELECT FROM public.contracts_renewal r JOIN LATERAL public.signed_versions(a.id) v ON v.number = r.version
         WHERE r.agreement_id = a.id AND r.state = 'refused'
           AND (v.said #> '{terms,renewal}', v.said #>> '{terms,rights,duration}', v.said #>> '{terms,rights,valid_until}') IS NOT DISTINCT FROM
               (last.said #> '{terms,renewal}', last.said #>> '{terms,rights,duration}', last.said #>> '{terms,rights,valid_until}')) THEN
        RAISE EXCEPTION 'a party of % refused this renewal: only another that both sign comes instead', a.public_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'renewal_as_signed';
    END IF;
    RETURN NEW;
END IF;
IF NEW.state = OLD.state THEN
    IF (NEW.refused_party, NEW.refused_by, NEW.reason_code) IS DISTINCT FROM (OLD.refused_party, OLD.refused_by, OLD.reason_code) THEN
        RAISE EXCEPTION 'what became of % never changes', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'renewal_as_signed';
    END IF;
    RETURN NEW;
END IF;
IF NEW.state = 'refused' AND (a.state <> 'in_force' OR public.business_now() >= OLD.notice_by OR NOT {ACTS}) THEN
    RAISE EXCEPTION 'a signatory of a party refuses %, before its day of notice has come', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'renewal_as_signed';
END IF;
IF NEW.state = 'renewed' AND NOT EXISTS (
    SELECT FROM public.contracts_agreementversion v JOIN public.contracts_renewaldocument d ON d.id = v.renewal_id
     WHERE d.renewal_id = NEW.id AND v.agreement_id = a.id) THEN
    RAISE EXCEPTION '% is renewed by a version', NEW.public_id USING ERRCODE = 'check_violation', CONSTRAINT = 'renewal_as_signed';
END IF;
IF NEW.state = 'dropped' AND (CASE NEW.reason_code
        WHEN 'agreement_ended' THEN a.state = 'in_force'
        WHEN 'amended' THEN NOT EXISTS (
            SELECT FROM public.contracts_agreementversion v WHERE v.agreement_id = a.id AND v.number > OLD.version)
        ELSE public.business_now() < OLD.notice_by OR NEW.reason_code IN ({EARLY}) END) THEN
    RAISE EXCEPTION '% comes to nothing for a reason, and not before its day of notice', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'renewal_as_signed';
END IF;
RETURN NEW;
