SELECT {EXCEEDED} INTO passed FROM (SELECT NEW.*) t CROSS JOIN LATERAL ({GIVEN}) given;
IF passed IS NOT NULL THEN
    RAISE EXCEPTION 'what is given back or charged of trade % exceeds %', NEW.public_id, passed
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
