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
    " r.charge, r.currency, r.reason_code, r.ordered_by",
    record="e.subject, e.payload -> 'agreement', e.payload -> 'amount_minor', e.payload -> 'charge', e.payload -> 'currency',"
    " e.payload -> 'reason_code', e.actor",
)
RecordedRows(
    table="contracts_firedadjustment",
    kinds=("contracts.clause_fired",),
    row="r.public_id, (SELECT a.public_id FROM contracts_agreement a WHERE a.id = r.agreement_id), r.kind, r.charge, r.before_minor,"
    " r.after_minor",
    record="e.subject, e.payload -> 'agreement', e.payload -> 'kind', e.payload -> 'charge', e.payload -> 'before_minor',"
    " e.payload -> 'after_minor'",
)
RecordedRows(
    table="contracts_lawadjustment",
    kinds=("contracts.law_adjustment_open",),
    row="r.public_id, (SELECT a.public_id FROM contracts_agreement a WHERE a.id = r.agreement_id),"
    " (SELECT b.public_id FROM rules_rulebook b WHERE b.id = r.rulebook_id), r.code, r.term",
    record="e.subject, e.payload -> 'agreement', e.payload -> 'rulebook', e.payload -> 'code', e.payload -> 'term'",
)
RecordedRows(
    table="contracts_lawexamination",
    kinds=("contracts.law_examined",),
    row="r.public_id, (SELECT b.public_id FROM rules_rulebook b WHERE b.id = r.rulebook_id), r.found",
    record="e.subject, e.payload -> 'rulebook', e.payload -> 'found'",
)
RecordedRows(
    table="contracts_indexvalue",
    kinds=("contracts.index_value_entered",),
    row="r.public_id, r.index, r.as_of::text, r.value_milli, r.source, r.entered_by",
    record="e.subject, e.payload -> 'index', e.payload -> 'as_of', e.payload -> 'value_milli', e.payload -> 'source', e.actor",
)
RecordedRows(
    table="contracts_mediator",
    kinds=("contracts.mediator_assigned",),
    row="r.public_id, (SELECT d.public_id FROM contracts_dispute d WHERE d.id = r.dispute_id), r.person, r.assigned_by",
    record="e.subject, e.payload -> 'dispute', e.payload -> 'person', e.actor",
)
RecordedRows(
    table="contracts_statement",
    kinds=("contracts.dispute_stated",),
    row="r.public_id, (SELECT d.public_id FROM contracts_dispute d WHERE d.id = r.dispute_id), r.kind, r.party, r.stated_by,"
    " encode(sha256(convert_to(r.salt || chr(10) || r.text, 'UTF8')), 'hex')",
    record="e.subject, e.payload -> 'dispute', e.payload -> 'kind', e.payload -> 'party', e.actor, e.payload -> 'text_commitment'",
)
RecordedRows(
    table="contracts_disputefile",
    kinds=("contracts.dispute_file_added",),
    row="r.public_id, r.size_bytes, r.sha256, r.added_by",
    record="e.subject, e.payload -> 'size_bytes', e.payload -> 'sha256', e.actor",
)
RecordedRows(
    table="contracts_settlement",
    kinds=("contracts.settlement_proposed",),
    row="r.public_id, r.party, r.outcome, r.digest, r.proposed_by",
    record="e.subject, e.payload -> 'party', e.payload -> 'outcome', e.payload -> 'digest', e.actor",
)
RecordedRows(
    table="contracts_agreementversion",
    kinds=("contracts.agreement_amended",),
    row="(SELECT a.public_id FROM contracts_agreement a WHERE a.id = r.agreement_id), r.public_id, r.number, r.signed_hash, r.decision",
    record="e.subject, e.payload -> 'version', e.payload -> 'number', e.payload -> 'signed_hash', e.payload -> 'decision'",
)
RecordedRows(
    table="contracts_renewaldocument",
    kinds=("contracts.agreement_renewed",),
    row="(SELECT n.public_id FROM contracts_renewal n WHERE n.id = r.renewal_id), r.public_id, r.signed_hash",
    record="e.subject, e.payload -> 'document', e.payload -> 'signed_hash'",
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
    table="contracts_clause",
    kinds=("contracts.clause_published",),
    row="r.public_id, r.code, r.version, r.digest, r.published_by, r.first_person",
    record="e.subject, e.payload -> 'code', e.payload -> 'version', e.payload -> 'digest', e.actor, e.payload -> 'first_person'",
)
RecordedRows(
    table="contracts_sellerfault",
    kinds=("contracts.seller_fault_admitted",),
    row="r.public_id, (SELECT a.public_id FROM contracts_agreement a WHERE a.id = r.agreement_id), r.ground, r.admitted_by",
    record="e.subject, e.payload -> 'agreement', e.payload -> 'ground', e.actor",
)
RecordedRows(
    table="contracts_pool",
    kinds=("contracts.pool_opened",),
    row="r.public_id, r.listing, r.opened_by",
    record="e.subject, e.payload -> 'listing', e.actor",
)
RecordedRows(
    table="contracts_poolsignature",
    kinds=("contracts.pool_signature_made",),
    row="r.public_id, (SELECT v.public_id FROM contracts_poolversion v WHERE v.id = r.version_id), r.organisation_identifier,"
    " r.signed_hash, r.signer",
    record="e.subject, e.payload -> 'version', e.payload -> 'organisation', e.payload -> 'signed_hash', e.actor",
)
RecordedRows(
    table="contracts_template",
    kinds=("contracts.template_published",),
    row="r.public_id, r.code, r.version, r.digest, r.published_by",
    record="e.subject, e.payload -> 'code', e.payload -> 'version', e.payload -> 'digest', e.actor",
)
RecordedRows(
    table="events_outboxevent",
    kinds=(
        "contracts.agreement_concluded",
        "contracts.dispute_resolved",
        "contracts.dispute_settled",
        "contracts.dispute_withdrawn",
        "contracts.price_adjusted",
    ),
    source="(SELECT type, subject, data FROM events_outboxevent"
    " WHERE type IN ('agreement.concluded', 'dispute.resolved', 'adjustment.due'))",
    row="CASE r.type WHEN 'agreement.concluded' THEN r.data -> 'agreement' WHEN 'dispute.resolved' THEN"
    " r.data -> 'dispute' ELSE r.data -> 'adjustment' END, coalesce(r.data -> 'outcome', r.data -> 'amount_minor',"
    " r.data -> 'price_minor')",
    record="e.subject, coalesce(e.payload -> 'outcome', e.payload -> 'amount_minor', e.payload -> 'price_minor')",
    is_partial=True,
)
