"""Private notes in the API."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import RowSerializer, StrictSerializer

from .models import NOTE_LENGTH_MAX, PrivateNote


class PrivateNoteSerializer(RowSerializer[PrivateNote]):
    """A note of your organisation on a negotiation. ``salt`` opens the commitment in its evidence."""

    id = serializers.CharField(source="public_id")
    negotiation = serializers.CharField(source="negotiation.public_id")
    organisation = serializers.CharField(source="organisation_identifier")

    class Meta:
        model = PrivateNote
        fields = ("id", "negotiation", "organisation", "text", "written_by", "written_at", "salt")


class WriteNoteSerializer(StrictSerializer):
    """A note, and on which negotiation."""

    negotiation = serializers.CharField(max_length=31)
    text = serializers.CharField(max_length=NOTE_LENGTH_MAX)
