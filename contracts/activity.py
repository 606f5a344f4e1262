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
    ("contracts_agreement", "contracts_instrument", "contracts_signature", "contracts_agreementversion"),
    keys=("buyer_id", "seller_id"),
)
ActivityRecords(
    "disputes",
    "contracts.views.DisputeViewSet",
    ("contracts_dispute",),
    keys=("agreement__buyer_id", "agreement__seller_id"),
)
ActivityRecords(
    "endings",
    "contracts.ending_views.EndingViewSet",
    ("contracts_ending",),
    keys=("agreement__buyer_id", "agreement__seller_id"),
)
ActivityRecords(
    "deletion-duties",
    "contracts.deletion_views.DeletionDutyViewSet",
    ("contracts_deletionduty", "contracts_deletioncertificate"),
    keys=("agreement__buyer_id", "agreement__seller_id"),
)
ActivityRecords(
    "adjustments",
    "contracts.views.AdjustmentViewSet",
    ("contracts_adjustment",),
    keys=("agreement__buyer_id", "agreement__seller_id"),
)
ActivityRecords(
    "mandates", "contracts.mandate_views.MandateViewSet", ("contracts_mandate",), keys=("organisation_id",)
)
ActivityRecords(
    "message-disclosures",
    "contracts.disclosure_views.DisclosureViewSet",
    ("contracts_messagedisclosure",),
    keys=("organisation_id",),
)
ActivityRecords(
    "negotiation-notes",
    "contracts.note_views.PrivateNoteViewSet",
    ("contracts_privatenote",),
    keys=("organisation_id",),
)
ActivityRecords(
    "negotiation-attachments",
    "contracts.attachment_views.AttachmentViewSet",
    ("contracts_attachment",),
    keys=("proposal__negotiation__buyer_id", "proposal__negotiation__seller_id"),
)
