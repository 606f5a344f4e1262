IF NOT EXISTS (
    SELECT FROM public.registration_screening
     WHERE registration_id = NEW.id AND outcome IS NOT NULL
       AND (outcome = 'clear' OR NEW.acceptance_reason <> '' OR NEW.state = 'in_review')
       AND id = (SELECT max(id) FROM public.registration_screening
                  WHERE registration_id = NEW.id AND outcome IS NOT NULL)
) THEN
    RAISE EXCEPTION 'an application is screened, and what was found is answered, before it is accepted'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
