"""The evidence of the files of neutrality bundles, and of counterfactuals."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="rules_neutralitybundle",
    kinds=("rules.neutrality_bundle_made",),
    row="r.public_id, r.sha256, r.auditors_sha256",
    record="e.subject, e.payload -> 'sha256', e.payload -> 'auditors_sha256'",
    source="(SELECT public_id, sha256, auditors_sha256 FROM rules_neutralitybundle WHERE made_at IS NOT NULL)",
)
RecordedRows(
    table="rules_counterfactual",
    kinds=("rules.counterfactual_made",),
    row="r.public_id, r.decisions, to_jsonb(r.rules)",
    record="e.subject, e.payload -> 'decisions', e.payload -> 'rules'",
    source="(SELECT public_id, decisions, rules FROM rules_counterfactual WHERE made_at IS NOT NULL)",
)
