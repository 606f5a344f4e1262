"""The evidence of each row of contracts that no other row explains."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="contracts_adjustment",
    kinds=("contracts.price_adjusted",),
    row="r.public_id, (SELECT a.public_id FROM contracts_agreement a WHERE a.id = r.agreement_id), r.amount_minor,"
    " r.currency, r.reason_code, r.ordered_by",
    record="e.subject, e.payload -> 'agreement', e.payload -> 'amount_minor', e.payload -> 'currency',"
    " e.payload -> 'reason_code', e.actor",
)
RecordedRows(
    table="contracts_template",
    kinds=("contracts.template_published",),
    row="r.public_id, r.code, r.version, r.digest, r.published_by",
    record="e.subject, e.payload -> 'code', e.payload -> 'version', e.payload -> 'digest', e.actor",
)
