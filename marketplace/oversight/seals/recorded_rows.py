"""The evidence of seals."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="oversight_recordseal",
    kinds=("oversight.record_sealed",),
    row="r.public_id, r.record, r.ground, r.legal_basis, r.first_person, r.sealed_by",
    record="e.subject, e.payload ->> 'record', e.payload ->> 'ground', e.payload ->> 'legal_basis',"
    " e.payload ->> 'first_person', e.actor",
)
RecordedRows(
    table="oversight_recordseal",
    kinds=("oversight.seal_ended",),
    source="(SELECT public_id, ended_by, ended_first, ended_reason FROM oversight_recordseal WHERE ended_at IS NOT NULL)",
    row="r.public_id, r.ended_by, r.ended_first, r.ended_reason",
    record="e.subject, e.actor, e.payload ->> 'first_person', e.payload ->> 'reason'",
)
