"""Evidence in the API."""

from rest_framework import serializers

from .models import Checkpoint, EvidenceRecord


class EvidenceRecordSerializer(serializers.ModelSerializer[EvidenceRecord]):
    """An evidence record."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = EvidenceRecord
        fields = ("id", "kind", "subject", "actor", "payload", "occurred_at", "recorded_at")


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    """A signed Merkle root over the log."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = Checkpoint
        fields = ("id", "size", "root", "signature", "created_at")
