IF TG_OP = 'UPDATE' AND NEW.state IS NOT DISTINCT FROM OLD.state THEN
    NEW.transaction := OLD.transaction;
    RETURN NEW;
END IF;
NEW.transaction := NULL;
SELECT m.organisation_id, u.public_id INTO firm, member
  FROM public.participants_membership m JOIN public.participants_user u ON u.id = m.user_id
 WHERE m.id = NEW.membership_id AND m.ended_at IS NULL;
SELECT is_operator INTO partial FROM public.participants_organisation WHERE id = firm FOR NO KEY UPDATE;
{OWNERS}
-- Who accepts the invitation of a recovery becomes the owner, and takes the role of those whom it replaces.
recovered := member IS NOT NULL AND NEW.role = 'owner'
    AND (NEW.kind = 'revoke' OR NEW.kind = 'grant' AND NEW.proposed_by = member) AND EXISTS (
    SELECT FROM public.participants_invitation i
     WHERE i.organisation_id = firm AND i.recovery_id IS NOT NULL AND i.state = 'accepted'
       AND i.ended_by = NEW.proposed_by AND i.transaction = pg_current_xact_id()
);
-- In insolvency proceedings the trustee takes access away alone, from everybody but a trustee.
trusted := NEW.kind <> 'grant' AND EXISTS (
    SELECT FROM public.participants_membership m
      JOIN public.participants_rolegrant g ON g.membership_id = m.id AND g.role = 'trustee' AND g.revoked_at IS NULL
      JOIN public.participants_user u ON u.id = m.user_id AND u.is_active
     WHERE m.organisation_id = firm AND m.ended_at IS NULL AND u.public_id = NEW.proposed_by
) AND NOT EXISTS (
    SELECT FROM public.participants_rolegrant
     WHERE membership_id = NEW.membership_id AND role = 'trustee' AND revoked_at IS NULL
);
IF NEW.state IN ('proposed', 'done') AND NOT recovered
   AND (member IS NULL OR NEW.proposed_by <> ALL (owners) AND NOT trusted
        AND (NEW.kind = 'grant' OR NEW.proposed_by <> member)) THEN
    RAISE EXCEPTION '% may not change the membership of %', NEW.proposed_by, member USING ERRCODE = 'check_violation';
END IF;
IF NEW.state = 'done' THEN
    is_owners := NEW.role = 'owner' OR NEW.kind = 'end' AND member = ANY (owners);
    IF (partial AND NEW.kind = 'grant'
        OR is_owners AND (NEW.kind = 'grant' OR NEW.proposed_by <> member)
           AND cardinality(array_remove(owners, NEW.proposed_by::text)) > 0)
       AND (NEW.confirmed_by IS NULL OR NEW.confirmed_by <> ALL (owners))
       AND NOT recovered AND NOT trusted THEN
        RAISE EXCEPTION 'a second owner did not confirm the change of the membership of %', member
            USING ERRCODE = 'check_violation';
    END IF;
    NEW.transaction := pg_current_xact_id();
END IF;
RETURN NEW;
