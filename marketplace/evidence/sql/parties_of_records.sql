INSERT INTO public.evidence_recordparty (record_id, organisation, is_whole)
SELECT n.id, p.party, bool_or(p.is_whole)
  FROM new_rows n, LATERAL public.evidence_parties(n.kind, n.subject, n.payload) p
 WHERE p.party <> ''
 GROUP BY n.id, p.party;
RETURN NULL;
