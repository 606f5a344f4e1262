IF NEW.ledger_minor <> ({BALANCE}) THEN
    RAISE EXCEPTION 'certificate % does not state the balance of the ledger', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
