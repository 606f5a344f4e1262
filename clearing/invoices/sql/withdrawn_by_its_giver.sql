IF NEW.withdraws_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM public.clearing_intermediarynotice n WHERE n.id = NEW.withdraws_id AND n.withdraws_id IS NULL
       AND n.organisation_id = NEW.organisation_id AND n.effective_from <= NEW.effective_from
) THEN
    RAISE EXCEPTION 'only its giver withdraws a notice, and not before its first day'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
