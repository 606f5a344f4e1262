"""The evidence of rows of the log itself."""

from __future__ import annotations

from marketplace.kernel.commitments import commitment_in_sql

from .row_records import RecordedRows

RecordedRows(
    table="evidence_marketkey",
    # The first key follows nobody's.
    source="(SELECT * FROM (SELECT k.*, lag(k.kid) OVER (PARTITION BY k.name ORDER BY k.since, k.id) AS before"
    " FROM evidence_marketkey k) k WHERE before IS NOT NULL)",
    kinds=("evidence.key_rotated",),
    row="r.public_id, r.kid, r.key_id, r.before, r.handover <> '',"
    " (SELECT a.public_id FROM evidence_keyannouncement a WHERE a.id = r.announcement_id)",
    record="e.subject, e.payload -> 'kid', e.payload -> 'key_id', e.payload -> 'before', e.payload -> 'is_handed_over',"
    " e.payload -> 'announcement'",
)
RecordedRows(
    table="evidence_keyannouncement",
    kinds=("evidence.key_announced",),
    row="r.public_id, r.kid, r.key_id, r.is_emergency, r.first_person, r.announced_by,"
    f" {commitment_in_sql('r.salt', 'r.reason')}",
    record="e.subject, e.payload -> 'kid', e.payload -> 'key_id', e.payload -> 'is_emergency',"
    " e.payload -> 'first_person', e.actor, e.payload -> 'reason_commitment'",
)
RecordedRows(
    table="evidence_witness",
    kinds=("evidence.witness_registered",),
    row="r.public_id, r.name, r.key_id, r.organisation, r.first_person, r.registered_by",
    record="e.subject, e.payload -> 'name', e.payload -> 'key_id', e.payload -> 'organisation',"
    " e.payload -> 'first_person', e.actor",
)
RecordedRows(
    table="evidence_witness",
    source="(SELECT * FROM evidence_witness WHERE until IS NOT NULL AND NOT ended_as_affiliate)",
    kinds=("evidence.witness_ended",),
    row="r.public_id, r.ended_by, r.ended_first_person",
    record="e.subject, e.actor, e.payload -> 'first_person'",
)
RecordedRows(
    table="evidence_witness",
    source="(SELECT * FROM evidence_witness WHERE ended_as_affiliate)",
    kinds=("evidence.witness_affiliated",),
    row="r.public_id, r.name, r.organisation",
    record="e.subject, e.payload -> 'name', e.payload -> 'organisation'",
)
