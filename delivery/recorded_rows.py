"""The evidence of each row of delivery that no other row explains."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

RecordedRows(
    table="delivery_entitleddistribution",
    kinds=("delivery.granted",),
    source="(SELECT n.public_id, jsonb_object_agg(d.distribution, d.sha256) AS files FROM delivery_entitlement n"
    " JOIN delivery_entitleddistribution d ON d.entitlement_id = n.id GROUP BY 1)",
    row="r.public_id, r.files",
    record="e.subject, e.payload -> 'sha256'",
)
RecordedRows(
    table="delivery_restitution",
    kinds=("delivery.restored",),
    source="(SELECT n.public_id AS entitlement, t.* FROM delivery_restitution t"
    " JOIN delivery_entitlement n ON n.id = t.entitlement_id)",
    row="r.entitlement, r.public_id, r.cause, r.reference",
    record="e.subject, e.payload -> 'restitution', e.payload -> 'cause', e.payload -> 'reference'",
)
RecordedRows(
    table="delivery_declaredrecipient",
    kinds=("delivery.recipient_declared",),
    source="(SELECT n.public_id AS entitlement, c.* FROM delivery_declaredrecipient c"
    " JOIN delivery_entitlement n ON n.id = c.entitlement_id)",
    row="r.entitlement, r.recipient, r.scope, r.declared_by",
    record="e.subject, e.payload -> 'recipient', e.payload -> 'scope', e.actor",
)
RecordedRows(
    table="delivery_outage",
    kinds=("delivery.outage_stated",),
    row="r.public_id, r.incident, r.first_person, r.stated_by",
    record="e.subject, e.payload -> 'incident', e.payload -> 'first_person', e.actor",
)
RecordedRows(
    table="events_outboxevent",
    kinds=("delivery.accepted", "delivery.ended", "delivery.matched"),
    source="(SELECT type, data FROM events_outboxevent"
    " WHERE type IN ('delivery.accepted', 'delivery.ended', 'delivery.matched'))",
    row="r.type, r.data -> 'entitlement'",
    record="e.kind, e.subject",
    is_partial=True,
)
