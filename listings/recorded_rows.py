"""The evidence of each row of listings that no other row explains."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows
from marketplace.kernel.commitments import commitment_in_sql

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
RecordedRows(
    table="listings_stake",
    kinds=("listings.stake_stated",),
    row="r.public_id, (SELECT l.public_id FROM listings_listing l WHERE l.id = r.listing_id), r.kind, r.stated_as,"  # noqa: S608
    f" r.since::text, r.evidence_sha256, r.stated_by, {commitment_in_sql('r.salt', 'r.holder')}",
    record="e.subject, e.payload -> 'listing', e.payload -> 'kind', e.payload -> 'stated_as', e.payload -> 'since',"
    " e.payload -> 'evidence_sha256', e.actor, e.payload -> 'holder_commitment'",
)
RecordedRows(
    table="listings_stake",
    source="(SELECT * FROM listings_stake WHERE ended_at IS NOT NULL)",
    kinds=("listings.stake_ended",),
    row=f"r.public_id, r.end_first_person, r.ended_by, {commitment_in_sql('r.salt', 'r.end_reason')}",
    record="e.subject, e.payload -> 'first_person', e.actor, e.payload -> 'reason_commitment'",
)
