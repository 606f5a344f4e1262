"""The evidence of each case, each statement and each remedy."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows
from marketplace.kernel.commitments import commitment_in_sql

_CASE = "(SELECT c.public_id FROM cases_case c WHERE c.id = r.case_id)"

RecordedRows(
    table="cases_case",
    kinds=("cases.opened",),
    row="r.public_id, r.kind, r.subject,"
    " (SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id),"
    " (SELECT o.public_id FROM participants_organisation o WHERE o.id = r.counterparty_id), r.decision",
    record="e.subject, e.payload -> 'kind', e.payload -> 'subject', e.payload -> 'organisation',"
    " e.payload -> 'counterparty', e.payload -> 'decision'",
)
RecordedRows(
    table="cases_case",
    source="(SELECT * FROM cases_case WHERE state = 'resolved')",
    kinds=("cases.resolved",),
    row=f"r.public_id, r.outcome, r.first_person, r.resolved_by, {commitment_in_sql('r.salt', 'r.reason')}",
    record="e.subject, e.payload -> 'outcome', e.payload -> 'first_person', e.actor, e.payload -> 'reason_commitment'",
)
RecordedRows(
    table="cases_remedy",
    kinds=("cases.carried_out",),
    row=f"{_CASE}, r.reference, r.carried_out_by, {commitment_in_sql('r.salt', 'r.how')}",
    record="e.subject, e.payload -> 'reference', e.actor, e.payload -> 'how_commitment'",
)
RecordedRows(
    table="cases_oncallturn",
    kinds=("cases.on_call_published",),
    row="r.public_id, r.duty, r.person, r.stated_by",
    record="e.subject, e.payload -> 'duty', e.payload -> 'person', e.actor",
)
RecordedRows(
    table="cases_oncallturn",
    source="(SELECT * FROM cases_oncallturn WHERE withdrawn_at IS NOT NULL)",
    kinds=("cases.on_call_withdrawn",),
    row="r.public_id, r.duty, r.withdrawn_by",
    record="e.subject, e.payload -> 'duty', e.actor",
)
