"""What is a participant's among negotiations, agreements and disputes."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords

ActivityRecords(
    "negotiations",
    "contracts.views.NegotiationViewSet",
    ("contracts_negotiation", "contracts_proposal"),
    keys=("buyer_id", "seller_id"),
)
ActivityRecords(
    "agreements",
    "contracts.views.AgreementViewSet",
    (
        "contracts_agreement",
        "contracts_instrument",
        "contracts_signature",
        "contracts_firedadjustment",
        "contracts_lawadjustment",
        "contracts_agreementversion",
        "contracts_renewal",
        "contracts_renewaldocument",
    ),
    keys=("buyer_id", "seller_id"),
)
ActivityRecords(
    "disputes",
    "contracts.disputing.views.DisputeViewSet",
    (
        "contracts_dispute",
        "contracts_mediator",
        "contracts_statement",
        "contracts_settlement",
        "contracts_remedy",
    ),
    keys=("agreement__buyer_id", "agreement__seller_id", "third_party_id"),
)
ActivityRecords(
    "dispute-files",
    "contracts.disputing.views.DisputeFileViewSet",
    ("contracts_disputefile",),
    keys=("dispute__agreement__buyer_id", "dispute__agreement__seller_id", "dispute__third_party_id"),
)
ActivityRecords(
    "endings",
    "contracts.ending.views.EndingViewSet",
    ("contracts_ending",),
    keys=("agreement__buyer_id", "agreement__seller_id"),
)
ActivityRecords(
    "deletion-duties",
    "contracts.deletion.views.DeletionDutyViewSet",
    ("contracts_deletionduty", "contracts_deletioncertificate"),
    keys=("agreement__buyer_id", "agreement__seller_id"),
)
ActivityRecords(
    "pools",
    "contracts.pools.views.PoolViewSet",
    ("contracts_pool",),
    keys=("lead_id", "versions__shares__organisation_id"),
)
ActivityRecords(
    "pool-versions",
    "contracts.pools.views.PoolVersionViewSet",
    ("contracts_poolversion", "contracts_poolshare", "contracts_poolsignature"),
    keys=("pool__lead_id", "shares__organisation_id"),
)
ActivityRecords(
    "price-talks",
    "contracts.commissions.talk_views.PriceTalkViewSet",
    ("contracts_pricetalk",),
    keys=("negotiation__buyer_id", "negotiation__seller_id"),
)
ActivityRecords(
    "seller-faults",
    "contracts.commissions.views.SellerFaultViewSet",
    ("contracts_sellerfault",),
    keys=("agreement__buyer_id", "agreement__seller_id"),
)
ActivityRecords(
    "adjustments",
    "contracts.views.AdjustmentViewSet",
    ("contracts_adjustment",),
    keys=("agreement__buyer_id", "agreement__seller_id"),
)
ActivityRecords(
    "mandates", "contracts.mandates.views.MandateViewSet", ("contracts_mandate",), keys=("organisation_id",)
)
ActivityRecords(
    "message-disclosures",
    "contracts.disclosures.views.DisclosureViewSet",
    ("contracts_messagedisclosure",),
    keys=("organisation_id",),
)
ActivityRecords(
    "negotiation-notes",
    "contracts.notes.views.PrivateNoteViewSet",
    ("contracts_privatenote",),
    keys=("organisation_id",),
)
ActivityRecords(
    "negotiation-attachments",
    "contracts.attachments.views.AttachmentViewSet",
    ("contracts_attachment",),
    keys=("proposal__negotiation__buyer_id", "proposal__negotiation__seller_id"),
)
