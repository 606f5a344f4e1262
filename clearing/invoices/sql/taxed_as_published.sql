SELECT wrong.number INTO fault FROM ({WRONGLY_TAXED}) wrong LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'invoice % states other amounts than its supplies have, or a rate of tax that was never published',
        fault.number USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
