SELECT coalesce(v.said #> '{plan,access,ends}', v.said #> '{terms,rights}') AS ends, v.number,
       coalesce(v.said #>> '{plan,acceptance,inspection_days}', a.inspection_days::text)::integer AS days, a.concluded_at
  INTO signed
  FROM public.contracts_agreement a CROSS JOIN LATERAL public.signed_versions(a.id) v
 WHERE a.public_id = NEW.agreement ORDER BY v.number DESC LIMIT 1;
IF FOUND AND (NEW.expires_at, NEW.expires_latest, NEW.version::integer) IS DISTINCT FROM
   (public.end_of_rights(signed.ends, signed.concluded_at),
    public.end_of_rights(signed.ends - 'duration', signed.concluded_at), signed.number) THEN
    RAISE EXCEPTION 'access under % ends when the signed rights end', NEW.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'term_as_signed';
END IF;
IF FOUND AND NEW.inspection_days <> signed.days THEN
    RAISE EXCEPTION 'what is delivered under % is inspected as many days as were signed', NEW.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'term_as_signed';
END IF;
RETURN NEW;
