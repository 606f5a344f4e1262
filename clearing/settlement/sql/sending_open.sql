IF NOT public.restoration_is_counted() THEN
    RAISE EXCEPTION 'payment % cannot be sent: the restoration of the database is not counted', NEW.reference
        USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT FROM public.clearing_restoration r
     WHERE r.number = (SELECT max(n.number) FROM public.clearing_restoration n)
       AND NOT EXISTS (
        SELECT FROM public.clearing_sendingopening o
         WHERE o.restoration_id = r.id AND o.currency = NEW.currency)
) THEN
    RAISE EXCEPTION 'payment % cannot be sent: sending in % is shut after a restoration', NEW.reference, NEW.currency
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
