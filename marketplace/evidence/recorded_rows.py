"""The evidence of rows of the log itself."""

from __future__ import annotations

from .row_records import RecordedRows

RecordedRows(
    table="evidence_marketkey",
    # The first key follows nobody's.
    source="(SELECT * FROM (SELECT k.*, lag(k.kid) OVER (PARTITION BY k.name ORDER BY k.since, k.id) AS before"
    " FROM evidence_marketkey k) k WHERE before IS NOT NULL)",
    kinds=("evidence.key_rotated",),
    row="r.public_id, r.kid, r.key_id, r.before, r.handover <> ''",
    record="e.subject, e.payload -> 'kid', e.payload -> 'key_id', e.payload -> 'before', e.payload -> 'is_handed_over'",
)
