IF NEW.used_minor <> 0 OR NOT EXISTS (
    SELECT FROM public.clearing_approval a
      JOIN public.participants_organisation o ON o.public_id = a.subject
       AND o.id = NEW.organisation_id AND NOT o.is_operator
     WHERE a.id = NEW.approval_id AND a.state = 'approved' AND a.command = '{COMMAND}'
       AND a.ended_by = NEW.registered_by AND (a.payload ->> 'amount_minor')::bigint = NEW.amount_minor
       AND (a.payload ->> 'currency', a.payload ->> 'kind', a.payload ->> 'issuer', a.payload ->> 'document_sha256')
         = (NEW.currency, NEW.kind, NEW.issuer, NEW.document_sha256)
       AND ((a.payload ->> 'valid_from')::timestamptz, (a.payload ->> 'expires_at')::timestamptz)
         = (NEW.valid_from, NEW.expires_at)
) THEN
    RAISE EXCEPTION 'guarantee % is not what two people approved', NEW.public_id USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
