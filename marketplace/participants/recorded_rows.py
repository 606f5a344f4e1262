"""The evidence of each row of participants that no other row explains."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="participants_reinstatement",
    kinds=("participants.participant_reinstated",),
    row="(SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id), r.first_person,"
    " r.reinstated_by",
    record="e.subject, e.payload -> 'first_person', e.actor",
)
