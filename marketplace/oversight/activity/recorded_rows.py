"""The evidence of activity records that were asked for, and of those that were made."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="oversight_activityrecord",
    kinds=("oversight.activity_asked",),
    row="r.public_id, r.asked_by",
    record="e.subject, e.actor",
)
RecordedRows(
    table="oversight_activityrecord",
    kinds=("oversight.activity_made",),
    source="(SELECT public_id, manifest_sha256 FROM oversight_activityrecord WHERE made_at IS NOT NULL)",
    row="r.public_id, r.manifest_sha256",
    record="e.subject, e.payload ->> 'manifest_sha256'",
)
