IF NEW.state <> 'withdrawn' AND NOT EXISTS (
    SELECT FROM public.participants_suspension s
     WHERE s.id = NEW.suspension_id AND s.kind = 'insolvency'
       AND NOT EXISTS (SELECT FROM public.participants_reinstatement l WHERE l.suspension_id = s.id)
) THEN
    RAISE EXCEPTION 'a trustee acts in insolvency proceedings that stand' USING ERRCODE = 'check_violation';
END IF;
IF TG_OP = 'INSERT' AND NOT public.is_proved_staff(NEW.proposed_by, ARRAY[{ADMISSION}])
   OR NEW.state = 'appointed'
      AND NOT (public.is_proved_staff(NEW.ended_by, ARRAY[{ADMISSION}]) AND {PROPOSER_ACTS} AND NOT public.is_recused(NEW.proposed_by, (
               SELECT s.organisation_id FROM public.participants_suspension s WHERE s.id = NEW.suspension_id))) THEN
    RAISE EXCEPTION 'two people of admission appoint a trustee' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
