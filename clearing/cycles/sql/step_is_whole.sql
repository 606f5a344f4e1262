SELECT wanted.part INTO lacking
  FROM unnest(CASE NEW.state
        WHEN 'netted' THEN ARRAY['positions']
        WHEN 'posted' THEN ARRAY['entries']
        ELSE ARRAY[{SETTLING_PARTS}] END) WITH ORDINALITY AS wanted(part, place)
 WHERE NOT EXISTS (
    SELECT FROM public.clearing_cyclepart p
     WHERE p.cycle_id = NEW.id AND p.part = wanted.part AND p.ended_at IS NOT NULL)
 ORDER BY wanted.place LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'cycle % is not %: its % are not all done', NEW.business_key, NEW.state, lacking
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
