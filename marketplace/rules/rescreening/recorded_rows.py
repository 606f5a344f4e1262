"""The evidence of re-screenings."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="rules_rescreening",
    kinds=("rules.rescreened",),
    row="r.public_id, r.evaluated, r.stopped, r.cleared",
    record="e.subject, e.payload -> 'evaluated', e.payload -> 'stopped', e.payload -> 'cleared'",
)
