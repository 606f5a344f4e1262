-- What comes from the trigger of the records was derived from the row a moment ago.
IF pg_trigger_depth() < 2 AND NOT EXISTS (
    SELECT FROM public.evidence_evidencerecord e, LATERAL public.evidence_parties(e.kind, e.subject, e.payload) p
     WHERE e.id = NEW.record_id AND p.party = NEW.organisation
     GROUP BY p.party HAVING bool_or(p.is_whole) = NEW.is_whole) THEN
    RAISE EXCEPTION '% is no party of what record % is about', NEW.organisation, NEW.record_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'party_of_row';
END IF;
RETURN NEW;
