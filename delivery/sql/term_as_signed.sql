SELECT coalesce(i.content::jsonb #> '{plan,access,ends}', i.content::jsonb #> '{terms,rights}') AS ends,
       coalesce(i.content::jsonb #>> '{plan,acceptance,inspection_days}', a.inspection_days::text)::integer AS days, a.concluded_at
  INTO signed
  FROM public.contracts_agreement a JOIN public.contracts_instrument i ON i.id = a.instrument_id
 WHERE a.public_id = NEW.agreement;
IF FOUND AND (NEW.expires_at, NEW.expires_latest) IS DISTINCT FROM
   (public.end_of_rights(signed.ends, signed.concluded_at),
    public.end_of_rights(signed.ends - 'duration', signed.concluded_at)) THEN
    RAISE EXCEPTION 'access under % ends when the signed rights end', NEW.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'term_as_signed';
END IF;
IF FOUND AND NEW.inspection_days <> signed.days THEN
    RAISE EXCEPTION 'what is delivered under % is inspected as many days as were signed', NEW.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'term_as_signed';
END IF;
RETURN NEW;
