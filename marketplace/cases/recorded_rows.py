"""The evidence of each case, each statement and each remedy."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

_CASE = "(SELECT c.public_id FROM cases_case c WHERE c.id = r.case_id)"

RecordedRows(
    table="cases_case",
    kinds=("cases.opened",),
    row="r.public_id, r.kind, r.subject,"
    " (SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id), r.decision",
    record="e.subject, e.payload -> 'kind', e.payload -> 'subject', e.payload -> 'organisation', e.payload -> 'decision'",
)
RecordedRows(
    table="cases_case",
    source="(SELECT * FROM cases_case WHERE state = 'resolved')",
    kinds=("cases.resolved",),
    row="r.public_id, r.outcome, r.first_person, r.resolved_by, encode(sha256(convert_to(r.reason, 'UTF8')), 'hex')",
    record="e.subject, e.payload -> 'outcome', e.payload -> 'first_person', e.actor, e.payload -> 'reason_sha256'",
)
RecordedRows(
    table="cases_remedy",
    kinds=("cases.carried_out",),
    row=f"{_CASE}, r.reference, r.carried_out_by, encode(sha256(convert_to(r.how, 'UTF8')), 'hex')",
    record="e.subject, e.payload -> 'reference', e.actor, e.payload -> 'how_sha256'",
)
