PERFORM 1 FROM public.participants_organisation WHERE id = NEW.organisation_id FOR SHARE;
PERFORM 1 FROM public.participants_membership m
   JOIN public.participants_user u ON u.id = m.user_id AND u.public_id = NEW.person
  WHERE m.organisation_id = NEW.organisation_id AND m.ended_at IS NULL
    AND EXISTS (SELECT FROM public.participants_rolegrant g
                 WHERE g.membership_id = m.id AND g.role = NEW.role AND g.revoked_at IS NULL)
    FOR NO KEY UPDATE OF m;
IF NOT FOUND THEN
    RAISE EXCEPTION '% has no role % in the organisation', NEW.person, NEW.role USING ERRCODE = 'check_violation';
END IF;
IF NEW.given_by <> NEW.person AND NOT EXISTS (
    SELECT FROM public.participants_application p
     WHERE p.public_id = NEW.given_by AND p.organisation_id = NEW.organisation_id AND p.revoked_at IS NULL
) THEN
    RAISE EXCEPTION '% is no program of the organisation', NEW.given_by USING ERRCODE = 'check_violation';
END IF;
IF NEW.last_limit_id IS DISTINCT FROM (
    SELECT max(l.id) FROM public.participants_authoritylimit l WHERE l.organisation_id = NEW.organisation_id
) THEN
    RAISE EXCEPTION 'an act is compared with the newest limits' USING ERRCODE = 'check_violation';
END IF;
IF NEW.approval_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM public.approvals_approval p
      JOIN public.participants_organisation o ON o.public_id = p.organisation AND o.id = NEW.organisation_id
     WHERE p.id = NEW.approval_id AND p.state = 'approved' AND p.ended_by = NEW.person AND p.subject = NEW.subject
) THEN
    RAISE EXCEPTION 'an approval is of the same act and person' USING ERRCODE = 'check_violation';
END IF;
SELECT s.per_act_minor, s.per_month_minor INTO held FROM (SELECT 1) one LEFT JOIN ({LIMIT}) s ON true;
IF NEW.amount_minor > held.per_act_minor THEN
    RAISE EXCEPTION 'the act is above the limit of %', NEW.person USING ERRCODE = 'check_violation';
END IF;
IF held.per_month_minor IS NOT NULL THEN
    SELECT coalesce(sum(c.amount_minor), 0) INTO before FROM public.participants_commitment c
     WHERE c.organisation_id = NEW.organisation_id AND c.person = NEW.person AND c.act = NEW.act
       AND c.currency = NEW.currency AND {IN_MONTH};
    IF before + NEW.amount_minor > held.per_month_minor THEN
        RAISE EXCEPTION 'the month of % is above its limit', NEW.person USING ERRCODE = 'check_violation';
    END IF;
END IF;
RETURN NEW;
