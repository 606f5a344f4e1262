IF NOT EXISTS (
    SELECT FROM public.clearing_entry e
     WHERE e.reference IN ('deposit:' || NEW.public_id, 'write_off:' || NEW.public_id)
) THEN
    RAISE EXCEPTION 'decision % was committed without its journal entry', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
