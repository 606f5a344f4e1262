"""The evidence of reviews."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="oversight_review",
    kinds=("oversight.review_opened",),
    row="r.public_id, r.detector, r.commitment",
    record="e.subject, e.payload ->> 'detector', e.payload ->> 'commitment'",
)
RecordedRows(
    table="oversight_review",
    kinds=("oversight.review_closed",),
    source="(SELECT public_id, closed_by, closed_first, outcome FROM oversight_review WHERE closed_at IS NOT NULL)",
    row="r.public_id, r.closed_by, r.closed_first, r.outcome",
    record="e.subject, e.actor, e.payload ->> 'first_person', e.payload ->> 'outcome'",
)
RecordedRows(
    table="oversight_seenagreement",
    kinds=("contracts.agreement_concluded",),
    row="r.agreement",
    record="e.subject",
    is_partial=True,
)
RecordedRows(
    table="oversight_seennegotiation",
    kinds=("contracts.negotiation_terminated",),
    row="r.negotiation, r.by",
    record="e.subject, e.payload ->> 'by'",
    is_partial=True,
)
