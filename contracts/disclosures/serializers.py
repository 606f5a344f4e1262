"""Disclosures in the API."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import RowSerializer, StrictSerializer

from .models import REFERENCE_LENGTH_MAX, MessageDisclosure


class DisclosureSerializer(RowSerializer[MessageDisclosure]):
    """A party's consent that the operator's staff reads the messages of a negotiation. It stands until ``revoked_at``."""

    id = serializers.CharField(source="public_id")
    negotiation = serializers.CharField(source="negotiation.public_id")
    organisation = serializers.CharField(source="organisation_identifier")

    class Meta:
        model = MessageDisclosure
        fields = (
            "id", "negotiation", "organisation", "reference", "disclosed_by", "disclosed_at", "revoked_by",
            "revoked_at",
        )  # fmt: skip


class DiscloseSerializer(StrictSerializer):
    """The dispute or the support case for which staff may read."""

    reference = serializers.CharField(max_length=REFERENCE_LENGTH_MAX)
