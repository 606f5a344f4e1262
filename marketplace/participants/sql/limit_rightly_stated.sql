PERFORM 1 FROM public.participants_organisation WHERE id = NEW.organisation_id AND NOT is_operator FOR NO KEY UPDATE;
IF NOT FOUND THEN
    RAISE EXCEPTION 'a participant states limits of its own people' USING ERRCODE = 'check_violation';
END IF;
IF NOT public.is_proved_member(NEW.stated_by, NEW.organisation_id, ARRAY[{OWNERS}]) THEN
    RAISE EXCEPTION '% is no owner who states limits now', NEW.stated_by USING ERRCODE = 'check_violation';
END IF;
IF NEW.person <> '' AND NOT EXISTS (
    SELECT FROM public.participants_membership m JOIN public.participants_user u ON u.id = m.user_id
     WHERE u.public_id = NEW.person AND m.organisation_id = NEW.organisation_id AND m.ended_at IS NULL
) THEN
    RAISE EXCEPTION 'a limit is of a member of the organisation' USING ERRCODE = 'check_violation';
END IF;
more := false;
FOREACH of_role IN ARRAY CASE WHEN NEW.role = '' THEN {ROLES_OF_ACT} ELSE ARRAY[NEW.role::text] END LOOP
    SELECT b.per_act_minor, b.per_month_minor INTO was FROM (SELECT 1) one LEFT JOIN ({BEFORE}) b ON true;
    SELECT a.per_act_minor, a.per_month_minor INTO is_now FROM (SELECT 1) one LEFT JOIN ({AFTER}) a ON true;
    more := more OR {MORE};
END LOOP;
IF NOT more THEN
    IF NEW.approval_id IS NOT NULL OR NEW.effective_from <> NEW.stated_at THEN
        RAISE EXCEPTION 'what allows nobody more holds at once' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END IF;
IF (NEW.effective_from AT TIME ZONE 'Asia/Tokyo')::date
   < (NEW.stated_at AT TIME ZONE 'Asia/Tokyo')::date + {WAITING_DAYS} THEN
    RAISE EXCEPTION 'a raised limit holds after a business day' USING ERRCODE = 'check_violation';
END IF;
IF NEW.approval_id IS NULL THEN
    IF EXISTS (
        SELECT FROM public.participants_membership m
          JOIN public.participants_user u ON u.id = m.user_id AND u.is_active AND u.public_id <> NEW.stated_by
          JOIN public.participants_rolegrant g ON g.membership_id = m.id AND g.revoked_at IS NULL
         WHERE m.organisation_id = NEW.organisation_id AND m.ended_at IS NULL AND g.role IN ({OWNERS})
    ) THEN
        RAISE EXCEPTION 'another owner raises a limit too' USING ERRCODE = 'check_violation';
    END IF;
ELSIF NOT EXISTS (
    SELECT FROM public.approvals_approval p
      JOIN public.participants_organisation o ON o.public_id = p.organisation AND o.id = NEW.organisation_id
     WHERE p.id = NEW.approval_id AND p.state = 'approved' AND p.command = '{COMMAND}' AND p.ended_by = NEW.stated_by
       AND p.subject = coalesce(nullif(NEW.person, ''), NEW.role)
       AND (p.payload ->> 'act', p.payload ->> 'currency')
           IS NOT DISTINCT FROM (NEW.act::text, NEW.currency::text)
       AND ((p.payload ->> 'per_act_minor')::bigint, (p.payload ->> 'per_month_minor')::bigint)
           IS NOT DISTINCT FROM (NEW.per_act_minor, NEW.per_month_minor)
) THEN
    RAISE EXCEPTION 'two owners raise a limit by the same command' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
