SELECT count(*) INTO independent FROM (
    SELECT FROM public.participants_organisation
    WHERE (id, public_id) IN (
        (NEW.buyer_id, NEW.buyer_identifier), (NEW.seller_id, NEW.seller_identifier)
    ) AND NOT is_operator AND NOT operator_affiliate AND state = 'active' FOR SHARE
) AS parties;
IF independent <> 2 THEN
    RAISE EXCEPTION 'a contract has two active parties, neither of them the operator or its affiliate'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
