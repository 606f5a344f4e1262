SELECT i.content::jsonb -> 'plan' AS plan INTO signed
  FROM public.contracts_agreement a JOIN public.contracts_instrument i ON i.id = a.instrument_id
 WHERE a.public_id = NEW.agreement;
IF FOUND AND signed.plan IS NOT NULL AND {DEPARTS} THEN
    RAISE EXCEPTION 'what is charged of % is what the signed plan says', NEW.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'charged_as_signed';
END IF;
RETURN NEW;
