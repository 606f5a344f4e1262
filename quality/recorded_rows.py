"""The evidence of each row of quality that no other row explains."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="quality_profile",
    kinds=("quality.version_measured",),
    row="r.listing_version, r.public_id, r.row_count",
    record="e.subject, e.payload -> 'profile', e.payload -> 'row_count'",
)
RecordedRows(
    table="quality_measurement",
    kinds=("quality.version_measured",),
    source="(SELECT p.public_id, jsonb_agg(m.characteristic ORDER BY m.characteristic) AS measured"
    " FROM quality_profile p JOIN quality_measurement m ON m.profile_id = p.id GROUP BY 1)",
    row="r.public_id, r.measured",
    record="e.payload -> 'profile',"
    " (SELECT jsonb_agg(k ORDER BY k) FROM jsonb_object_keys(e.payload -> 'values') AS k)",
)
