"""The duty to delete and its certificate in the API."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, RowSerializer, StrictSerializer

from .models import STATEMENT_LENGTH_MAX, DeletionCertificate, DeletionDuty
from .states import DeletionState


class DeletionCertificateSerializer(RowSerializer[DeletionCertificate]):
    """What a person of the buyer certified, and the market's signature of it as a witness."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = DeletionCertificate
        fields = ("id", "deleted_on", "statement", "kept", "certified_by", "jws", "given_at", "salt")


class DeletionDutySerializer(RowSerializer[DeletionDuty]):
    """The duty of the buyer of an agreement that ended, and its certificate."""

    id = serializers.CharField(source="public_id")
    agreement = serializers.CharField(source="agreement.public_id")
    buyer = serializers.CharField(source="agreement.buyer_identifier")
    seller = serializers.CharField(source="agreement.seller_identifier")
    state_label = ChoiceLabelField(DeletionState, source="state")
    certificate = DeletionCertificateSerializer(allow_null=True)

    class Meta:
        model = DeletionDuty
        fields = (
            "id", "agreement", "buyer", "seller", "state", "state_label", "arose_at", "due_by", "reminded_at", "overdue_at",
            "certified_at", "certificate",
        )  # fmt: skip


class CertifyDeletionSerializer(StrictSerializer):
    """When and how the data was deleted, and what law lets the buyer keep."""

    deleted_on = serializers.DateField()
    statement = serializers.CharField(max_length=STATEMENT_LENGTH_MAX)
    kept = serializers.CharField(
        max_length=STATEMENT_LENGTH_MAX, required=False, default="", allow_blank=True
    )
