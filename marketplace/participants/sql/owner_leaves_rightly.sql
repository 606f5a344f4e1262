IF NOT EXISTS (
    SELECT FROM public.participants_rolegrant
     WHERE membership_id = NEW.id AND role = 'owner' AND revoked_at IS NULL
) THEN
    RETURN NULL;
END IF;
firm := NEW.organisation_id;
PERFORM 1 FROM public.participants_organisation WHERE id = firm FOR NO KEY UPDATE;
{OWNERS}
IF cardinality(owners) = 0 THEN
    RAISE EXCEPTION 'the last owner of an organisation stays' USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (
    SELECT FROM public.participants_memberchange c
     WHERE c.membership_id = NEW.id AND c.state = 'done' AND c.kind = 'end' AND c.transaction = pg_current_xact_id()
) THEN
    RAISE EXCEPTION 'nobody ended the membership of an owner' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
