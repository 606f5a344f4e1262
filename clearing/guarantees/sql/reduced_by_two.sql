SELECT g.public_id, g.amount_minor, g.used_minor INTO held FROM public.clearing_guarantee g
 WHERE g.id = NEW.guarantee_id FOR NO KEY UPDATE;
IF NOT FOUND OR NEW.amount_minor >= held.amount_minor OR NEW.amount_minor < held.used_minor THEN
    RAISE EXCEPTION 'guarantee % is reduced below its amount of %, and not below % that is used',
        held.public_id, held.amount_minor, held.used_minor USING ERRCODE = 'check_violation';
END IF;
IF NOT {APPROVED} THEN
    RAISE EXCEPTION 'no two people approved the reduction of guarantee %', held.public_id
        USING ERRCODE = 'check_violation';
END IF;
UPDATE public.clearing_guarantee SET amount_minor = NEW.amount_minor WHERE id = NEW.guarantee_id;
RETURN NEW;
