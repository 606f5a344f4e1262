"""The evidence of each row of participants that no other row explains."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows
from marketplace.kernel.commitments import commitment_in_sql

RecordedRows(
    table="participants_reinstatement",
    kinds=("participants.participant_reinstated",),
    row="(SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id), r.first_person,"
    " r.reinstated_by, (SELECT s.public_id FROM participants_suspension s WHERE s.id = r.suspension_id)",
    record="e.subject, e.payload -> 'first_person', e.actor, e.payload -> 'suspension'",
)
RecordedRows(
    table="participants_factchange",
    kinds=("participants.fact_changed",),
    row="r.public_id, (SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id), r.fact,"
    " r.effective_on::text, r.document_sha256, r.changed_by",
    record="e.subject, e.payload -> 'organisation', e.payload -> 'fact', e.payload -> 'effective_on',"
    " e.payload -> 'document_sha256', e.actor",
)
RecordedRows(
    table="participants_suspension",
    kinds=("participants.participant_suspended",),
    row="(SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id), r.public_id, r.kind,"
    " r.reason_code, r.reference, r.effective_on::text, r.suspended_by",
    record="e.subject, e.payload -> 'suspension', e.payload -> 'kind', e.payload -> 'reason_code',"
    " e.payload -> 'reference', e.payload -> 'effective_on', e.actor",
)
RecordedRows(
    table="participants_authoritylimit",
    kinds=("participants.authority_limit_stated",),
    row="r.public_id, (SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id), r.act, r.role,"
    " r.person, r.currency, r.per_act_minor, r.per_month_minor, r.stated_by,"
    " (SELECT p.public_id FROM approvals_approval p WHERE p.id = r.approval_id)",
    record="e.subject, e.payload -> 'organisation', e.payload -> 'act', e.payload -> 'role', e.payload -> 'person',"
    " e.payload -> 'currency', e.payload -> 'per_act_minor', e.payload -> 'per_month_minor', e.actor,"
    " e.payload -> 'approval'",
)
RecordedRows(
    table="participants_organisationrelation",
    kinds=("participants.relation_stated",),
    row="r.public_id, (SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id),"
    " (SELECT o.public_id FROM participants_organisation o WHERE o.id = r.related_id), r.kind, r.source, r.since::text,"
    " r.document_sha256, nullif(r.first_person, ''), r.stated_by",
    record="e.subject, e.payload -> 'organisation', e.payload -> 'related', e.payload -> 'kind', e.payload -> 'source',"
    " e.payload -> 'since', e.payload -> 'document_sha256', e.payload -> 'first_person', e.actor",
)
RecordedRows(
    table="participants_organisationrelation",
    source="(SELECT * FROM participants_organisationrelation WHERE ended_at IS NOT NULL)",
    kinds=("participants.relation_ended",),
    row=f"r.public_id, r.end_first_person, r.ended_by, {commitment_in_sql('r.salt', 'r.end_reason')}",
    record="e.subject, e.payload -> 'first_person', e.actor, e.payload -> 'reason_commitment'",
)
RecordedRows(
    table="participants_staffinterest",
    kinds=("participants.interest_declared",),
    row="r.public_id, r.person, (SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id), r.kind,"  # noqa: S608  our own words
    f" r.since::text, r.declared_by, {commitment_in_sql('r.salt', 'r.statement')}",
    record="e.subject, e.payload -> 'person', e.payload -> 'organisation', e.payload -> 'kind', e.payload -> 'since', e.actor,"
    " e.payload -> 'statement_commitment'",
)
RecordedRows(
    table="participants_staffinterest",
    source="(SELECT * FROM participants_staffinterest WHERE ended_at IS NOT NULL)",
    kinds=("participants.interest_ended",),
    row=f"r.public_id, r.person, r.end_first_person, r.ended_by, {commitment_in_sql('r.salt', 'r.end_reason')}",
    record="e.subject, e.payload -> 'person', e.payload -> 'first_person', e.actor, e.payload -> 'reason_commitment'",
)
RecordedRows(
    table="participants_qualification",
    kinds=("participants.qualification_stated",),
    row="r.public_id, (SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id),"  # noqa: S608
    " (SELECT k.code FROM participants_qualificationkind k WHERE k.id = r.kind_id), r.valid_from::text,"
    " r.valid_until::text, r.document_sha256, r.stated_by,"
    f" {commitment_in_sql('r.salt', 'r.issuer, r.reference')}",
    record="e.subject, e.payload -> 'organisation', e.payload -> 'kind', e.payload -> 'valid_from',"
    " e.payload -> 'valid_until', e.payload -> 'document_sha256', e.actor, e.payload -> 'stated_commitment'",
)
RecordedRows(
    table="participants_qualification",
    source="(SELECT * FROM participants_qualification WHERE verified_at IS NOT NULL)",
    kinds=("participants.qualification_verified",),
    row="r.public_id, r.verified_by",
    record="e.subject, e.actor",
)
RecordedRows(
    table="participants_qualification",
    source="(SELECT * FROM participants_qualification WHERE state IN ('refused', 'withdrawn', 'revoked'))",
    kinds=tuple(f"participants.qualification_{state}" for state in ("refused", "withdrawn", "revoked")),
    row=f"r.public_id, r.ended_by, {commitment_in_sql('r.salt', 'r.end_reason')}",
    record="e.subject, e.actor, e.payload -> 'reason_commitment'",
)
RecordedRows(
    table="participants_admissioncondition",
    kinds=("participants.admission_condition_stated",),
    row="r.public_id, (SELECT a.public_id FROM participants_admission a WHERE a.id = r.admission_id),"  # noqa: S608
    " (SELECT k.code FROM participants_qualificationkind k WHERE k.id = r.kind_id), r.due_on::text,"
    f" {commitment_in_sql('r.salt', 'r.text_ja, r.text_en')}",
    record="e.subject, e.payload -> 'admission', e.payload -> 'qualification', e.payload -> 'due_on',"
    " e.payload -> 'text_commitment'",
)
RecordedRows(
    table="participants_admissioncondition",
    source="(SELECT * FROM participants_admissioncondition WHERE settled_at IS NOT NULL)",
    kinds=tuple(f"participants.admission_condition_{change}" for change in ("met", "missed", "dropped")),
    row="r.public_id, 'participants.admission_condition_'"
    " || CASE r.is_met WHEN true THEN 'met' WHEN false THEN 'missed' ELSE 'dropped' END",
    record="e.subject, e.kind",
)
RecordedRows(
    table="participants_disqualification",
    kinds=("participants.disqualified",),
    row="r.public_id, (SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id),"  # noqa: S608
    " r.officer_commitment, r.ground, r.source_sha256, r.since::text, r.until::text, r.first_person, r.stated_by,"
    f" {commitment_in_sql('r.salt', 'r.source')}",
    record="e.subject, e.payload -> 'organisation', e.payload -> 'officer_commitment', e.payload -> 'ground',"
    " e.payload -> 'source_sha256', e.payload -> 'since', e.payload -> 'until', e.payload -> 'first_person', e.actor,"
    " e.payload -> 'source_commitment'",
)
RecordedRows(
    table="participants_disqualification",
    source="(SELECT * FROM participants_disqualification WHERE ended_by IS NOT NULL)",
    kinds=("participants.disqualification_ended",),
    row=f"r.public_id, r.end_first_person, r.ended_by, {commitment_in_sql('r.salt', 'r.end_reason')}",
    record="e.subject, e.payload -> 'first_person', e.actor, e.payload -> 'reason_commitment'",
)
RecordedRows(
    table="participants_disqualification",
    source="(SELECT * FROM participants_disqualification WHERE ended_at IS NOT NULL AND ended_by IS NULL)",
    kinds=("participants.disqualification_over",),
    row="r.public_id",
    record="e.subject",
)
