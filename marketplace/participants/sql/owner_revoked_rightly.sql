SELECT organisation_id INTO firm FROM public.participants_membership WHERE id = NEW.membership_id;
PERFORM 1 FROM public.participants_organisation WHERE id = firm FOR NO KEY UPDATE;
{OWNERS}
IF cardinality(owners) = 0 THEN
    RAISE EXCEPTION 'the last owner of an organisation stays' USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (
    SELECT FROM public.participants_memberchange c
     WHERE c.membership_id = NEW.membership_id AND c.state = 'done' AND c.transaction = pg_current_xact_id()
       AND (c.kind = 'revoke' AND c.role = 'owner' OR c.kind = 'end')
) THEN
    RAISE EXCEPTION 'nobody revoked the role of an owner' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
