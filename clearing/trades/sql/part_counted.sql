IF TG_OP = 'INSERT' THEN
    UPDATE public.clearing_guarantee SET used_minor = used_minor + NEW.amount_minor WHERE id = NEW.guarantee_id;
ELSIF coalesce(OLD.paid_at, OLD.released_at) IS NULL AND coalesce(NEW.paid_at, NEW.released_at) IS NOT NULL THEN
    UPDATE public.clearing_guarantee SET used_minor = used_minor - NEW.amount_minor WHERE id = NEW.guarantee_id;
END IF;
RETURN NULL;
