"""What is a participant's among deliveries."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords, no_activity

ActivityRecords(
    "deliveries",
    "delivery.views.DeliveryViewSet",
    (
        "delivery_entitlement",
        "delivery_entitleddistribution",
        "delivery_inspection",
        "delivery_restitution",
        "delivery_declaredrecipient",
    ),
    keys=("buyer_id", "seller_id"),
)
ActivityRecords(
    "vouchers",
    "delivery.views.VoucherViewSet",
    ("delivery_voucher",),
    keys=("entitlement__buyer_id", "entitlement__seller_id"),
)
ActivityRecords(
    "downloads",
    "delivery.views.DownloadViewSet",
    ("delivery_download",),
    keys=("entitlement__buyer_id", "entitlement__seller_id"),
)
no_activity(
    "delivery_refuseddownloads",
    "a count that leaves after a month; a review that it opened is among the reviews",
)
no_activity("delivery_outage", "public, and of no participant")
