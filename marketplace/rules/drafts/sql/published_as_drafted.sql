IF TG_OP = 'UPDATE' AND OLD.state <> 'open' THEN
    RAISE EXCEPTION 'draft % is over and does not change', OLD.public_id USING ERRCODE = 'check_violation';
END IF;
IF NEW.state = 'published' AND NOT EXISTS (
    SELECT FROM public.rules_rulebook r
     WHERE r.id = NEW.rulebook_id AND r.digest = NEW.digest AND r.document = NEW.document AND r.lane = NEW.lane
       AND r.replaces_id IS NOT DISTINCT FROM NEW.replaces_id AND r.warnings = NEW.report -> 'warnings'
) THEN
    RAISE EXCEPTION 'draft % was not published as it was previewed', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.state = 'published' AND NEW.reported_at < NEW.ended_at - make_interval(days => {REPORT_DAYS_MAX}) THEN
    RAISE EXCEPTION 'the report of draft % is too old', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
