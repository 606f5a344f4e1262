SELECT i.issuer_id, i.sequence INTO fault FROM new_rows i
 WHERE i.sequence <> 1 AND NOT EXISTS (
    SELECT FROM public.clearing_invoice b WHERE b.issuer_id = i.issuer_id AND b.sequence = i.sequence - 1)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'invoice % of issuer % would leave a gap', fault.sequence, fault.issuer_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
