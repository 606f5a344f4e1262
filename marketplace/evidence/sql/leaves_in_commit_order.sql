SELECT count(*) AS leaves, min(n.index) AS first, max(n.index) AS last INTO added FROM new_rows n;
IF added.leaves = 0 THEN
    RETURN NULL;
END IF;
SELECT r.transaction, r.id INTO previous
  FROM public.evidence_leaf l JOIN public.evidence_evidencerecord r ON r.id = l.record_id
 WHERE l.index = added.first - 1;
IF added.last - added.first + 1 <> added.leaves OR (added.first > 0 AND NOT FOUND) THEN
    RAISE EXCEPTION 'leaves % to % do not follow the last leaf without a gap', added.first, added.last
        USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT FROM (
        SELECT r.id, added.first - 1 + row_number() OVER (ORDER BY r.transaction, r.id) AS index
          FROM public.evidence_evidencerecord r
         WHERE (r.transaction, r.id) > (coalesce(previous.transaction, '0'::xid8), coalesce(previous.id, 0))
         ORDER BY r.transaction, r.id LIMIT added.leaves
    ) due FULL JOIN new_rows n ON n.record_id = due.id AND n.index = due.index
     WHERE due.id IS NULL OR n.record_id IS NULL
) THEN
    RAISE EXCEPTION 'leaves % to % are not the next records in commit order', added.first, added.last
        USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (
    SELECT FROM public.evidence_tile t
     WHERE t.level = 0 AND t.index = added.last / {TILE_WIDTH} AND t.width = added.last % {TILE_WIDTH} + 1
) THEN
    RAISE EXCEPTION 'no tile ends with the hash of leaf %', added.last USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT FROM new_rows n LEFT JOIN public.evidence_tile t ON t.level = 0 AND t.index = n.index / {TILE_WIDTH}
     WHERE substr(t.hashes, (n.index % {TILE_WIDTH})::integer * 32 + 1, 32) IS DISTINCT FROM sha256(
           '\x00'::bytea || convert_to('{ENTRY_START}' || encode(n.commitment, 'hex') || '{ENTRY_END}', 'UTF8'))
) THEN
    RAISE EXCEPTION 'leaves % to %: a tile has the hash of another entry', added.first, added.last
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
