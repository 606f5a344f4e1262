"""The evidence of each row of the rules that no other row explains."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="rules_decision",
    kinds=("rules.decided",),
    row="r.subject, r.public_id, r.point, r.outcome, r.digest, r.engine, r.actor",
    record="e.subject, e.payload -> 'decision', e.payload -> 'point', e.payload -> 'outcome', e.payload -> 'digest',"
    " e.payload -> 'engine', e.actor",
)
RecordedRows(
    table="rules_rulebook",
    kinds=("rules.rulebook_published",),
    row="r.public_id, r.number, r.digest, r.first_person, r.published_by",
    record="e.subject, e.payload -> 'number', e.payload -> 'digest', e.payload -> 'first_person', e.actor",
)
