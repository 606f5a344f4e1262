IF TG_OP = 'INSERT' THEN
    IF NEW.key_id IS DISTINCT FROM encode(
        substr(sha256(convert_to(NEW.name, 'UTF8') || '\x0a01'::bytea || NEW.public_key), 1, 4), 'hex'
    ) THEN
        RAISE EXCEPTION 'key % has another identifier than its bytes', NEW.kid USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM public.evidence_marketkey k WHERE k.name = NEW.name) THEN
        IF NOT EXISTS (SELECT FROM public.evidence_marketkey k WHERE k.name = NEW.name AND k.until = NEW.since) THEN
            RAISE EXCEPTION 'key % does not begin when the one before it ends', NEW.kid USING ERRCODE = 'check_violation';
        END IF;
        SELECT * INTO announced FROM public.evidence_keyannouncement a WHERE a.name = NEW.name ORDER BY a.id DESC LIMIT 1;
        IF (announced.id, announced.kid, announced.public_key, announced.handover)
           IS DISTINCT FROM (NEW.announcement_id, NEW.kid, NEW.public_key, NEW.handover) THEN
            RAISE EXCEPTION 'key % is not the one that two people announced last', NEW.kid USING ERRCODE = 'check_violation';
        END IF;
        IF announced.effective_from > public.business_now() THEN
            RAISE EXCEPTION 'key % is announced for % only', NEW.kid, announced.effective_from
                USING ERRCODE = 'check_violation';
        END IF;
        IF NOT announced.is_emergency AND NOT EXISTS (
            SELECT FROM public.evidence_evidencerecord e
              JOIN public.evidence_leaf l ON l.record_id = e.id
              JOIN public.evidence_checkpoint c ON c.size > l.index
             WHERE e.subject = announced.public_id AND e.kind = 'evidence.key_announced'
        ) THEN
            RAISE EXCEPTION 'no checkpoint covers the announcement of key % yet', NEW.kid USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.announcement_id IS NOT NULL OR NEW.handover <> '' THEN
        RAISE EXCEPTION 'the first key % follows no other', NEW.kid USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.until IS NOT NULL THEN
        RAISE EXCEPTION 'key % cannot begin as ended', NEW.kid USING ERRCODE = 'check_violation';
    END IF;
ELSIF NEW.until IS DISTINCT FROM OLD.until AND NOT public.is_real_present(NEW.until, NEW.until) THEN
    RAISE EXCEPTION '%: a moment is not that of the clock', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
