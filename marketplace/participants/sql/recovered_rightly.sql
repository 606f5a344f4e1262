IF TG_OP = 'INSERT' THEN
    NEW.transaction := NULL;
    RETURN NEW;
END IF;
IF NEW.state IS NOT DISTINCT FROM OLD.state THEN
    NEW.transaction := OLD.transaction;
    RETURN NEW;
END IF;
NEW.transaction := NULL;
IF NEW.state = 'waiting' AND (
    NEW.confirmed_at NOT BETWEEN public.business_now() - interval '5 minutes'
                             AND public.business_now() + interval '5 minutes'
    OR (SELECT count(DISTINCT u.id)
          FROM public.participants_membership m
          JOIN public.participants_organisation o ON o.id = m.organisation_id AND o.is_operator
          JOIN public.participants_rolegrant g
            ON g.membership_id = m.id AND g.role IN ({DECIDERS}) AND g.revoked_at IS NULL
          JOIN public.participants_user u ON u.id = m.user_id AND u.is_active
         WHERE m.ended_at IS NULL AND u.public_id IN (NEW.proposed_by, NEW.confirmed_by)) <> 2
    OR public.is_recused(NEW.proposed_by, NEW.organisation_id)
) THEN
    RAISE EXCEPTION 'two people of the operator did not confirm the recovery %', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.state = 'waiting' AND NEW.ends_at < (
    public.bank_days_after((NEW.confirmed_at AT TIME ZONE 'Asia/Tokyo')::date, {WAITING_DAYS}) + 1
)::timestamp AT TIME ZONE 'Asia/Tokyo' - interval '1 second' THEN
    RAISE EXCEPTION 'the contacts of % have five business days', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
IF NEW.state = 'concluded' THEN
    IF NEW.ends_at > public.business_now() THEN
        RAISE EXCEPTION 'the waiting time of % has not ended', NEW.public_id USING ERRCODE = 'check_violation';
    END IF;
    NEW.transaction := pg_current_xact_id();
END IF;
RETURN NEW;
