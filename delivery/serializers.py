"""Deliveries in the API, and the input of their commands."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from contracts.disputing.serializers import ClaimsInput
from marketplace.api.serializers import (
    BilingualField,
    ChoiceLabelField,
    RowSerializer,
    StrictSerializer,
    WaitingSerializer,
)

from .access import refusal
from .collection import Moment
from .models import (
    DeclaredRecipient,
    Download,
    EntitledDistribution,
    Entitlement,
    Inspection,
    Restitution,
    Voucher,
)
from .queries import is_shown_overdue, latest_inspection, waiting_of
from .states import SUSPENSION_REASON_LENGTH_MAX, LossCause


class EntitledDistributionSerializer(RowSerializer[EntitledDistribution]):
    """A file to download; ``id`` is the listing's identifier of the file."""

    id = serializers.CharField(source="distribution")

    class Meta:
        model = EntitledDistribution
        fields = ("id", "file_name", "media_type", "size_bytes", "sha256", "sha512")


class InspectionSerializer(RowSerializer[Inspection]):
    """The inspection of one delivery round."""

    class Meta:
        model = Inspection
        fields = (
            "round", "state", "opened_at", "matched_at", "inspect_by", "dispute", "disputed_at", "accepted_at",
            "accepted_by",
        )  # fmt: skip


class AccessSerializer(serializers.Serializer[Any]):
    """Whether access is open now, and if not, why."""

    open = serializers.BooleanField()
    code = serializers.CharField(allow_null=True)
    reason = BilingualField(allow_null=True)


class RestitutionSerializer(RowSerializer[Restitution]):
    """Access that was closed for no act of the buyer, and was given back. ``expires_at``: the end of the term since then."""

    id = serializers.CharField(source="public_id")
    cause_label = ChoiceLabelField(LossCause, source="cause")

    class Meta:
        model = Restitution
        fields = (
            "id", "cause", "cause_label", "reference", "lost_from", "lost_until", "expires_before", "expires_at", "given_at",
        )  # fmt: skip


class DeclaredRecipientSerializer(RowSerializer[DeclaredRecipient]):
    """A person or program that the buyer declares as in charge or of the department. ``withdrawn_at`` is null while it stands."""

    class Meta:
        model = DeclaredRecipient
        fields = ("recipient", "scope", "declared_by", "declared_at", "withdrawn_by", "withdrawn_at")


class DeliverySerializer(RowSerializer[Entitlement]):
    """A delivery: its entitlement, its files and every round of inspection.

    Evidence has of a suspension the SHA-256 over the lines ``salt`` and ``suspension_reason``. The context may bring the
    ``moment`` at which all of a list are judged.
    """

    id = serializers.CharField(source="public_id")
    buyer = serializers.CharField(source="buyer_identifier")
    seller = serializers.CharField(source="seller_identifier")
    access = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()
    distributions = EntitledDistributionSerializer(many=True)
    inspections = InspectionSerializer(many=True)
    restitutions = RestitutionSerializer(many=True)
    recipients = DeclaredRecipientSerializer(many=True)
    unmatched = serializers.SerializerMethodField()

    class Meta:
        model = Entitlement
        fields = (
            "id", "agreement", "trade", "listing", "listing_version", "buyer", "seller", "state", "access", "waiting",
            "granted_at", "expires_at", "payment_due_by", "suspension_reason", "ended_at", "ended_reason", "inspection_days",
            "expires_latest", "suspended_at", "stopped_by", "inspections", "distributions", "restitutions", "recipients", "unmatched",
            "salt",
        )  # fmt: skip

    @extend_schema_field(AccessSerializer)
    def get_access(self, delivery: Entitlement) -> dict[str, Any]:
        """Whether access is open, by the rule that downloads use."""
        now = self._moment().now
        is_overdue = is_shown_overdue(delivery, now)
        refused = refusal(delivery, latest_inspection(delivery), now, is_overdue=is_overdue)
        if refused is None:
            return {"open": True, "code": None, "reason": None}
        return {"open": False, "code": refused.code, "reason": refused.message.as_dict()}

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, delivery: Entitlement) -> dict[str, Any] | None:
        """What holds the delivery back and who must act; null where nothing does."""
        moment = self._moment()
        found = waiting_of(delivery, now=moment.now, collection_period=moment.collection_period)
        return found.as_dict() if found else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_unmatched(self, delivery: Entitlement) -> list[str]:
        """Files without a matching receipt in the latest round."""
        latest = latest_inspection(delivery).pk
        return [
            covered.distribution
            for covered in delivery.distributions.all()
            if all(voucher.inspection_id != latest for voucher in covered.vouchers.all())
        ]

    def _moment(self) -> Moment:
        moment: Moment = self.context.get("moment") or Moment()
        return moment


class VoucherSerializer(RowSerializer[Voucher]):
    """A voucher: the hash of the file sent and the hash of the file received."""

    id = serializers.CharField(source="public_id")
    delivery = serializers.CharField(source="entitlement.public_id")
    round = serializers.IntegerField(source="inspection.round")
    distribution = serializers.CharField(source="distribution.distribution")
    download = serializers.CharField(source="download.public_id", allow_null=True)

    class Meta:
        model = Voucher
        fields = (
            "id", "delivery", "round", "distribution", "download", "sent_sha256", "sent_sha512",
            "received_sha256", "received_sha512", "matched", "reported_by", "reported_at",
        )  # fmt: skip


class DownloadSerializer(RowSerializer[Download]):
    """One download of a file or of a part of it. The hashes are there once the whole file was sent in the round. ``purpose`` and
    ``region`` are what the buyer stated ("" if nothing); ``use_number`` says which use it belongs to, where the rights count them."""

    id = serializers.CharField(source="public_id")
    delivery = serializers.CharField(source="entitlement.public_id")
    round = serializers.IntegerField(source="inspection.round")
    distribution = serializers.CharField(source="distribution.distribution")

    class Meta:
        model = Download
        fields = (
            "id", "delivery", "round", "distribution", "requested_by", "purpose", "region", "use_number", "first_byte",
            "length_bytes", "state",
            "started_at", "progressed_at", "ended_at", "sent_bytes", "sent_sha256", "sent_sha512", "abort_reason",
        )  # fmt: skip


class ReceiptInput(StrictSerializer):
    """The hash of a file as the buyer received it: hexadecimal SHA-256, SHA-512, or both."""

    distribution = serializers.CharField(max_length=31)
    sha256 = serializers.CharField(required=False, max_length=64)
    sha512 = serializers.CharField(required=False, max_length=128)


class DisputeInput(ClaimsInput):
    """The reason of a dispute, what is asked, and whether it is of what was accepted before."""

    after_acceptance = serializers.BooleanField(required=False, default=False)


class SuspensionInput(StrictSerializer):
    """Why access is suspended; the buyer reads it."""

    reason = serializers.CharField(max_length=SUSPENSION_REASON_LENGTH_MAX)
