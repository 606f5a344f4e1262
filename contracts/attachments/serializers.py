"""Attachments in the API."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import RowSerializer, StrictSerializer

from .models import Attachment


class AttachmentSerializer(RowSerializer[Attachment]):
    """A file beside a proposal (by its number), without its content. ``party`` made the proposal and added the file."""

    id = serializers.CharField(source="public_id")
    negotiation = serializers.CharField(source="proposal.negotiation.public_id")
    proposal = serializers.IntegerField(source="proposal.number")

    class Meta:
        model = Attachment
        fields = (
            "id", "negotiation", "proposal", "number", "party", "file_name", "media_type", "size_bytes", "sha256",
            "added_by", "added_at",
        )  # fmt: skip


class AttachFileSerializer(StrictSerializer):
    """A PDF, JPEG or PNG file, and to the proposal of which negotiation it belongs."""

    negotiation = serializers.CharField(max_length=31)
    file = serializers.FileField()
