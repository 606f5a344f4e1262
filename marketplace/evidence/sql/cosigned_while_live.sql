IF NOT EXISTS (SELECT FROM public.evidence_witness w WHERE w.id = NEW.witness_id AND w.until IS NULL) THEN
    RAISE EXCEPTION 'the witness does not cosign any more' USING ERRCODE = 'check_violation';
END IF;
IF NEW.signed_at > extract(epoch FROM clock_timestamp()) + 600 THEN
    RAISE EXCEPTION 'the cosignature is of a time to come' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
