"""The evidence of each row of contracts that no other row explains."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="contracts_attachment",
    kinds=("contracts.attachment_added",),
    row="r.public_id, r.size_bytes, r.sha256, r.added_by",
    record="e.subject, e.payload -> 'size_bytes', e.payload -> 'sha256', e.actor",
)
RecordedRows(
    table="contracts_adjustment",
    kinds=("contracts.price_adjusted",),
    row="r.public_id, (SELECT a.public_id FROM contracts_agreement a WHERE a.id = r.agreement_id), r.amount_minor,"
    " r.currency, r.reason_code, r.ordered_by",
    record="e.subject, e.payload -> 'agreement', e.payload -> 'amount_minor', e.payload -> 'currency',"
    " e.payload -> 'reason_code', e.actor",
)
RecordedRows(
    table="contracts_agreementversion",
    kinds=("contracts.agreement_amended",),
    row="(SELECT a.public_id FROM contracts_agreement a WHERE a.id = r.agreement_id), r.public_id, r.number, r.signed_hash, r.decision",
    record="e.subject, e.payload -> 'version', e.payload -> 'number', e.payload -> 'signed_hash', e.payload -> 'decision'",
)
RecordedRows(
    table="contracts_deletioncertificate",
    kinds=("contracts.deletion_certified",),
    row="r.public_id, (SELECT d.public_id FROM contracts_deletionduty d WHERE d.id = r.duty_id), r.deleted_on::text, r.certified_by",
    record="e.subject, e.payload -> 'duty', e.payload -> 'deleted_on', e.actor",
)
RecordedRows(
    table="contracts_messagedisclosure",
    kinds=("contracts.messages_disclosed",),
    row="r.public_id, r.organisation_identifier, r.reference, r.disclosed_by",
    record="e.subject, e.payload -> 'organisation', e.payload -> 'reference', e.actor",
)
RecordedRows(
    table="contracts_privatenote",
    kinds=("contracts.note_written",),
    row="r.public_id, r.organisation_identifier, r.written_by, encode(sha256(convert_to(r.salt || chr(10) || r.text, 'UTF8')), 'hex')",
    record="e.subject, e.payload -> 'organisation', e.actor, e.payload -> 'text_commitment'",
)
RecordedRows(
    table="contracts_template",
    kinds=("contracts.template_published",),
    row="r.public_id, r.code, r.version, r.digest, r.published_by",
    record="e.subject, e.payload -> 'code', e.payload -> 'version', e.payload -> 'digest', e.actor",
)
RecordedRows(
    table="events_outboxevent",
    kinds=("contracts.agreement_concluded", "contracts.dispute_resolved", "contracts.price_adjusted"),
    source="(SELECT type, subject, data FROM events_outboxevent"
    " WHERE type IN ('agreement.concluded', 'dispute.resolved', 'adjustment.due'))",
    row="CASE r.type WHEN 'agreement.concluded' THEN r.data -> 'agreement' WHEN 'dispute.resolved' THEN"
    " r.data -> 'dispute' ELSE r.data -> 'adjustment' END, coalesce(r.data -> 'outcome', r.data -> 'amount_minor',"
    " r.data -> 'price_minor')",
    record="e.subject, coalesce(e.payload -> 'outcome', e.payload -> 'amount_minor', e.payload -> 'price_minor')",
    is_partial=True,
)
