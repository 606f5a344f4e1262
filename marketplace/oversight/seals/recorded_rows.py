"""The evidence of seals."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows
from marketplace.kernel.commitments import commitment_in_sql

RecordedRows(
    table="oversight_recordseal",
    kinds=("oversight.record_sealed",),
    row="r.public_id, r.record, r.ground, r.first_person, r.sealed_by,"
    f" {commitment_in_sql('r.salt', 'r.legal_basis')}, {commitment_in_sql('r.salt', 'r.reason')}",
    record="e.subject, e.payload ->> 'record', e.payload ->> 'ground', e.payload ->> 'first_person', e.actor,"
    " e.payload ->> 'basis_commitment', e.payload ->> 'reason_commitment'",
)
RecordedRows(
    table="oversight_recordseal",
    kinds=("oversight.seal_ended",),
    source="(SELECT public_id, ended_by, ended_first, ended_reason, salt FROM oversight_recordseal WHERE ended_at IS NOT NULL)",
    row="r.public_id, r.ended_by, r.ended_first,"
    f" CASE WHEN r.ended_reason = '' THEN '' ELSE {commitment_in_sql('r.salt', 'r.ended_reason')} END",
    record="e.subject, e.actor, e.payload ->> 'first_person', e.payload ->> 'reason_commitment'",
)
