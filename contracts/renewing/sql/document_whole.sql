said := NEW.content::jsonb;
IF NEW.signed_hash IS DISTINCT FROM encode(sha256(convert_to(NEW.content, 'UTF8')), 'hex')
   OR said #>> '{text,ja}' IS DISTINCT FROM encode(sha256(convert_to(NEW.text_ja, 'UTF8')), 'hex')
   OR said #>> '{text,en}' IS DISTINCT FROM encode(sha256(convert_to(NEW.text_en, 'UTF8')), 'hex')
   OR said ->> 'agreement' IS DISTINCT FROM (
        SELECT a.public_id FROM public.contracts_renewal r JOIN public.contracts_agreement a ON a.id = r.agreement_id
         WHERE r.id = NEW.renewal_id AND r.state = 'standing') THEN
    RAISE EXCEPTION 'what the market signs of a renewal that stands has the hashes of what is in it'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'document_whole';
END IF;
RETURN NEW;
