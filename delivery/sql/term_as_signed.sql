SELECT i.content::jsonb #> '{terms,rights}' AS rights, a.concluded_at INTO signed
  FROM public.contracts_agreement a JOIN public.contracts_instrument i ON i.id = a.instrument_id
 WHERE a.public_id = NEW.agreement;
IF FOUND AND (NEW.expires_at, NEW.expires_latest) IS DISTINCT FROM
   (public.end_of_rights(signed.rights, signed.concluded_at),
    public.end_of_rights(signed.rights - 'duration', signed.concluded_at)) THEN
    RAISE EXCEPTION 'access under % ends when the signed rights end', NEW.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'term_as_signed';
END IF;
RETURN NEW;
