IF NOT EXISTS (SELECT FROM public.server_timeline() s WHERE s.server = NEW.server AND s.timeline = NEW.timeline)
   OR NEW.restoration <> (SELECT coalesce(max(r.number), 0) FROM public.clearing_restoration r)
   OR NEW.restoration <= (SELECT coalesce(max(c.restoration), -1) FROM public.clearing_countedtimeline c) THEN
    RAISE EXCEPTION 'timeline %/% is not that of this server and of a restoration that was just recorded',
        NEW.server, NEW.timeline USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
