UPDATE public.delivery_entitlement SET expires_at = NEW.expires_at
 WHERE id = NEW.entitlement_id AND expires_at IS DISTINCT FROM NEW.expires_at;
UPDATE public.delivery_inspection n
   SET inspect_by = n.inspect_by + (NEW.lost_until - greatest(NEW.lost_from, n.matched_at))
       - public.halted_time(e.listing, a.segment, greatest(NEW.lost_from, n.matched_at), NEW.lost_until)
  FROM public.delivery_entitlement e JOIN public.contracts_agreement a ON a.public_id = e.agreement
 WHERE n.entitlement_id = NEW.entitlement_id AND e.id = NEW.entitlement_id
   AND n.state = 'running' AND n.matched_at < NEW.lost_until;
RETURN NULL;
