IF NOT (NEW.tax_rate_bp = 0 AND coalesce(NEW.supply_class NOT IN ({TAXED_CLASSES}), false)) AND NOT EXISTS (
    SELECT FROM public.rules_rulebook r WHERE r.document -> 'tax_rates' @> jsonb_build_array(
        jsonb_build_object('category', NEW.tax_category, 'rate_bp', NEW.tax_rate_bp))
) OR NOT (NEW.fee_tax_rate_bp = 0 AND NEW.fee_class NOT IN ({TAXED_CLASSES})) AND NOT EXISTS (
    SELECT FROM public.rules_rulebook r
     WHERE r.document -> 'tax_rates' @> jsonb_build_array(jsonb_build_object('rate_bp', NEW.fee_tax_rate_bp))
) THEN
    RAISE EXCEPTION 'trade % is taxed at a rate that was never published', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
