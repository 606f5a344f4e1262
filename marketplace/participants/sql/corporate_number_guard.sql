IF NEW.corporate_number !~ '^[0-9]{13}$' THEN
    RAISE EXCEPTION 'a corporate number has 13 digits' USING ERRCODE = 'check_violation';
END IF;
SELECT sum(substr(NEW.corporate_number, 14 - n, 1)::integer * (2 - n % 2))
    INTO weighted FROM generate_series(1, 12) AS n;
IF left(NEW.corporate_number, 1)::integer <> 9 - weighted % 9 THEN
    RAISE EXCEPTION 'the check digit of the corporate number is wrong'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
