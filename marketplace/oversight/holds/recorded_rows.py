"""The evidence of legal holds."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="oversight_legalhold",
    kinds=("oversight.hold_opened",),
    row="r.public_id, r.opened_by, r.subject, r.review_at",
    record="e.subject, e.actor, e.payload ->> 'subject', (e.payload ->> 'review_at')::timestamptz",
)
RecordedRows(
    table="oversight_legalhold",
    kinds=("oversight.hold_lifted",),
    source="(SELECT public_id, lifted_by, lifted_first FROM oversight_legalhold WHERE lifted_at IS NOT NULL)",
    row="r.public_id, r.lifted_by, r.lifted_first",
    record="e.subject, e.actor, e.payload ->> 'first_person'",
)
