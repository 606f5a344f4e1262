IF NEW.instead_of_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM public.clearing_settlementinstruction f
     WHERE f.id = NEW.instead_of_id AND f.state IN ('failed', 'cancelled') AND f.amount_minor >= NEW.amount_minor
       AND (f.organisation_id, f.currency, f.direction, f.purpose)
           = (NEW.organisation_id, NEW.currency, NEW.direction, NEW.purpose)
       AND f.cycle_id IS NOT DISTINCT FROM NEW.cycle_id
) THEN
    RAISE EXCEPTION 'payment % does not replace a failed or cancelled payment', NEW.reference
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
