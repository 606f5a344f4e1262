SELECT n.reference INTO fault FROM new_rows n JOIN old_rows o ON o.id = n.id
 WHERE n.state = 'sending' AND o.state = 'planned' AND n.direction = 'out'
   AND {HELD}
   AND NOT EXISTS (SELECT FROM public.clearing_paymentpermission p WHERE p.payment_id = n.id)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'payment % is to a participant under sanctions and was not permitted', fault.reference
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
