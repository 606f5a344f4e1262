"""The evidence of questions and answers."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="oversight_consultation",
    kinds=("oversight.consultation_asked",),
    row="r.public_id, r.asked_by, r.commitment",
    record="e.subject, e.actor, e.payload ->> 'commitment'",
)
RecordedRows(
    table="oversight_consultation",
    kinds=("oversight.consultation_answered",),
    source="(SELECT * FROM oversight_consultation WHERE answered_at IS NOT NULL)",
    row="r.public_id, r.answered_by, r.first_person, r.answer_commitment",
    record="e.subject, e.actor, e.payload ->> 'first_person', e.payload ->> 'commitment'",
)
