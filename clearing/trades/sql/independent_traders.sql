SELECT o.public_id INTO partial
  FROM (SELECT id, public_id FROM public.participants_organisation WHERE is_operator
         UNION ALL
        SELECT id, public_id FROM public.participants_organisation WHERE operator_affiliate) o
  JOIN new_rows n ON o.id IN (n.buyer_id, n.seller_id)
 LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION '% is the operator or its affiliate and is no party of a trade', partial.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
