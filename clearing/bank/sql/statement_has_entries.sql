IF (SELECT count(*) FROM public.clearing_bankentry e WHERE e.statement_id = NEW.id) <> NEW.credits + NEW.debits THEN
    RAISE EXCEPTION 'statement % was committed without all of its entries', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT FROM public.clearing_bankentry b WHERE b.statement_id = NEW.id AND b.match <> 'transfer_file'
       AND (SELECT e.id FROM public.clearing_entry e WHERE e.reference = 'bank:' || b.public_id) IS NULL
) OR EXISTS (
    SELECT FROM public.clearing_bankentry b JOIN public.clearing_settlementinstruction i ON {OF_FILE}
     WHERE b.statement_id = NEW.id AND b.match = 'transfer_file'
       AND (SELECT e.id FROM public.clearing_entry e
             WHERE e.reference = 'bank:' || b.public_id || ':' || i.public_id) IS NULL
) THEN
    RAISE EXCEPTION 'statement % was committed with entries that are not posted', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
