today := (public.business_now() AT TIME ZONE 'Asia/Tokyo')::date;
PERFORM 1 FROM public.participants_organisation WHERE id = NEW.organisation_id FOR NO KEY UPDATE;
IF TG_OP = 'INSERT' THEN
    IF NEW.is_registered THEN
        IF NOT EXISTS (
            SELECT FROM public.participants_organisation o
             WHERE o.id = NEW.organisation_id AND o.registered_at = NEW.proposed_at
        ) OR EXISTS (
            SELECT FROM public.participants_payoutaccountchange c WHERE c.organisation_id = NEW.organisation_id
        ) OR NEW.usable_from > today THEN
            RAISE EXCEPTION 'an account is registered together with its organisation' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> 'proposed' OR NEW.reviewed_by IS NOT NULL THEN
        RAISE EXCEPTION 'a changed account begins as a proposal' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT public.is_proved_member(NEW.proposed_by, NEW.organisation_id, ARRAY[{CHANGING}]) THEN
        RAISE EXCEPTION 'no person of the organisation who may change its account proposed this'
            USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM public.participants_payoutaccountchange c
         WHERE c.organisation_id = NEW.organisation_id
           AND (c.state = 'proposed' OR c.state = 'confirmed' AND c.usable_from > today)
    ) THEN
        RAISE EXCEPTION 'another change of the account is under way' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END IF;
IF NEW.reviewed_by IS DISTINCT FROM OLD.reviewed_by AND (
    NEW.state <> 'proposed' OR OLD.state <> 'proposed'
    OR NOT public.is_proved_staff(NEW.reviewed_by, ARRAY[{ADMISSION}])
    OR public.acting_members(NEW.organisation_id) <> 1
) THEN
    RAISE EXCEPTION 'staff confirm an account of a participant of one person alone' USING ERRCODE = 'check_violation';
END IF;
IF (NEW.reviewed_by, NEW.reviewed_at) IS DISTINCT FROM (OLD.reviewed_by, OLD.reviewed_at) THEN
    IF OLD.reviewed_by IS NOT NULL AND NOT public.is_recused(OLD.reviewed_by, NEW.organisation_id) THEN
        RAISE EXCEPTION 'what was recorded cannot be changed: who reviewed is replaced after it declared an interest'
            USING ERRCODE = 'check_violation';
    END IF;
    IF public.is_recused(NEW.reviewed_by, NEW.organisation_id) THEN
        RAISE EXCEPTION 'who has declared an interest in the organisation decides nothing about it'
            USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
    END IF;
END IF;
IF NEW.state = 'confirmed' AND OLD.state <> 'confirmed' THEN
    own := public.is_proved_member(NEW.confirmed_by, NEW.organisation_id, ARRAY[{CHANGING}]);
    IF NOT own AND (
        OLD.reviewed_by IS NULL
        OR NOT public.is_proved_staff(NEW.confirmed_by, ARRAY[{ADMISSION}])
        OR public.acting_members(NEW.organisation_id) <> 1
    ) THEN
        RAISE EXCEPTION 'no second person who may change the account confirmed this' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT own AND (public.is_recused(NEW.confirmed_by, NEW.organisation_id)
                    OR public.is_recused(NEW.reviewed_by, NEW.organisation_id)) THEN
        RAISE EXCEPTION 'who has declared an interest in the organisation decides nothing about it'
            USING ERRCODE = 'check_violation', CONSTRAINT = '{RECUSED}';
    END IF;
    IF NOT {PROPOSER_ACTS} OR NOT own AND NOT {REVIEWER_ACTS} THEN
        RAISE EXCEPTION 'who gave this before may do so no more' USING ERRCODE = 'check_violation';
    END IF;
    IF own AND NOT EXISTS (
        SELECT FROM public.participants_membership m
          JOIN public.participants_user u ON u.id = m.user_id AND u.public_id = NEW.confirmed_by
          JOIN public.participants_rolegrant g
            ON g.membership_id = m.id AND g.role IN ({CHANGING}) AND g.revoked_at IS NULL
         WHERE m.organisation_id = NEW.organisation_id AND m.ended_at IS NULL
           AND (g.role = 'trustee' OR g.granted_at <= public.business_now() - interval '{ROLE_DAYS} days')
    ) THEN
        RAISE EXCEPTION 'who confirms an account has held the role for it for {ROLE_DAYS} days'
            USING ERRCODE = 'check_violation';
    END IF;
    IF today > OLD.lapses_on OR NEW.usable_from < public.bank_days_after(today, {WAITING_DAYS}) THEN
        RAISE EXCEPTION 'a changed account is used after its waiting time' USING ERRCODE = 'check_violation';
    END IF;
ELSIF NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by OR NEW.usable_from IS DISTINCT FROM OLD.usable_from THEN
    RAISE EXCEPTION 'an account is confirmed once' USING ERRCODE = 'check_violation';
END IF;
IF NEW.state = 'stopped' AND OLD.state <> 'stopped' THEN
    IF NEW.is_registered OR OLD.usable_from <= today THEN
        RAISE EXCEPTION 'an account in use is not stopped, but changed' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT public.is_proved_member(NEW.ended_by, NEW.organisation_id, ARRAY[{CHANGING}]) THEN
        RAISE EXCEPTION 'no person of the organisation who may change its account stopped this'
            USING ERRCODE = 'check_violation';
    END IF;
ELSIF NEW.state = 'lapsed' AND OLD.state <> 'lapsed' AND today <= OLD.lapses_on THEN
    RAISE EXCEPTION 'a change can still be confirmed' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
