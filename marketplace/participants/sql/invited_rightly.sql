IF TG_OP = 'UPDATE' AND NEW.state IS NOT DISTINCT FROM OLD.state THEN
    RETURN NEW;
END IF;
firm := NEW.organisation_id;
SELECT is_operator INTO partial FROM public.participants_organisation WHERE id = firm FOR NO KEY UPDATE;
IF NEW.state = 'accepted' THEN
    IF NEW.token_digest IS NULL OR NEW.expires_at <= public.business_now() THEN
        RAISE EXCEPTION 'the invitation % was not sent, or has expired', NEW.public_id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.invited_by <> 'system' AND NOT EXISTS (
        SELECT FROM public.participants_membership m
          JOIN public.participants_rolegrant g ON g.membership_id = m.id AND g.role = 'owner' AND g.revoked_at IS NULL
          JOIN public.participants_user u ON u.id = m.user_id AND u.is_active
         WHERE m.organisation_id = firm AND m.ended_at IS NULL AND u.public_id IN (NEW.invited_by, NEW.confirmed_by)
    ) THEN
        RAISE EXCEPTION 'no owner stands for the invitation %', NEW.public_id USING ERRCODE = 'check_violation';
    END IF;
    NEW.transaction := pg_current_xact_id();
    RETURN NEW;
END IF;
{OWNERS}
IF NEW.invited_by = 'system' THEN
    IF TG_OP = 'INSERT' AND NEW.recovery_id IS NOT NULL THEN
        IF NOT EXISTS (
            SELECT FROM public.participants_ownerrecovery r
             WHERE r.id = NEW.recovery_id AND r.organisation_id = firm AND r.email = NEW.email
               AND r.state = 'concluded' AND r.transaction = pg_current_xact_id()
        ) THEN
            RAISE EXCEPTION 'the recovery of an owner is not concluded' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.state IN ('proposed', 'open') AND cardinality(owners) > 0 AND NOT (
        NEW.roles = ARRAY['trustee']::varchar[] AND EXISTS (
            SELECT FROM public.participants_trusteeappointment a
              JOIN public.participants_suspension s ON s.id = a.suspension_id AND s.organisation_id = firm
              JOIN public.participants_user u ON u.id = a.user_id AND u.email = NEW.email
             WHERE a.state = 'appointed'
               AND NOT EXISTS (SELECT FROM public.participants_reinstatement l WHERE l.suspension_id = s.id))
    ) THEN
        RAISE EXCEPTION 'an organisation that has owners invites by itself' USING ERRCODE = 'check_violation';
    END IF;
ELSIF NEW.recovery_id IS NOT NULL OR NEW.state IN ('proposed', 'open') AND NEW.invited_by <> ALL (owners) THEN
    RAISE EXCEPTION '% is no owner of the organisation, and invites nobody', NEW.invited_by
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.state = 'open' AND NEW.invited_by <> 'system'
   AND (partial OR 'owner' = ANY (NEW.roles) AND cardinality(array_remove(owners, NEW.invited_by::text)) > 0)
   AND (NEW.confirmed_by IS NULL OR NEW.confirmed_by <> ALL (owners)) THEN
    RAISE EXCEPTION 'a second owner did not confirm the invitation %', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
