IF NEW.outcome = 'redelivery' AND OLD.outcome IS NULL AND EXISTS (
    SELECT FROM public.contracts_agreement a
     CROSS JOIN LATERAL (SELECT v.said FROM public.signed_versions(a.id) v ORDER BY v.number DESC LIMIT 1) last
     WHERE a.id = NEW.agreement_id AND (a.state <> 'in_force'
        OR public.end_of_rights((last.said #> '{terms,rights}') - 'duration', a.concluded_at) <= public.business_now()
        OR EXISTS (SELECT FROM public.contracts_ending e
                    WHERE e.agreement_id = a.id AND e.state IN ('scheduled', 'done') AND e.access_until <= public.business_now()))) THEN
    RAISE EXCEPTION 'nothing is delivered again once access is over'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'redelivered_in_time';
END IF;
RETURN NEW;
