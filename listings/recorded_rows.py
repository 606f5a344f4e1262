"""The evidence of each row of listings that no other row explains."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="listings_distribution",
    kinds=("listings.version_added",),
    source="(SELECT v.public_id, coalesce(jsonb_agg(d.sha256 ORDER BY d.sha256) FILTER (WHERE d.id IS NOT NULL), '[]')"
    " AS files FROM listings_listingversion v LEFT JOIN listings_distribution d ON d.version_id = v.id GROUP BY 1)",
    row="r.public_id, r.files",
    record="e.subject, (SELECT coalesce(jsonb_agg(f ORDER BY f #>> '{}'), '[]')"
    " FROM jsonb_array_elements(e.payload -> 'sha256') AS f)",
)
RecordedRows(
    table="listings_offer",
    kinds=("listings.version_added",),
    row="(SELECT v.public_id FROM listings_listingversion v WHERE v.id = r.version_id), r.price_minor, r.currency,"
    " r.policy_digest",
    record="e.subject, e.payload -> 'price_minor', e.payload -> 'currency', e.payload -> 'policy_sha256'",
)
