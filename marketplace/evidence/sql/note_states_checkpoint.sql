lines := string_to_array(NEW.note, E'\n');
IF lines[2] IS DISTINCT FROM NEW.size::text OR lines[4] IS DISTINCT FROM ''
   OR lines[3] IS DISTINCT FROM encode(decode(NEW.root, 'hex'), 'base64')
   OR NOT coalesce(starts_with(lines[5], '— ' || lines[1] || ' '), false) THEN
    RAISE EXCEPTION 'the note of checkpoint % states another size or root, or is not signed', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (SELECT FROM public.evidence_leaf l WHERE l.index = NEW.size - 1) THEN
    RAISE EXCEPTION 'checkpoint % covers % leaves, more than there are', NEW.public_id, NEW.size
        USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (
    SELECT FROM public.evidence_marketkey k
     WHERE k.name = lines[1] AND k.until IS NULL
       AND k.key_id = encode(substr(decode(split_part(lines[5], ' ', 3), 'base64'), 1, 4), 'hex')
) THEN
    RAISE EXCEPTION 'the note of checkpoint % is not signed by the key in force', NEW.public_id
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
