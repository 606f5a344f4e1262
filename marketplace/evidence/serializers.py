"""How evidence is written out."""

from rest_framework import serializers

from .models import Checkpoint, EvidenceRecord


class EvidenceRecordSerializer(serializers.ModelSerializer[EvidenceRecord]):
    """One record of the log."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = EvidenceRecord
        fields = ("id", "kind", "subject", "actor", "payload", "occurred_at", "recorded_at")


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    """A signed root over the log."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = Checkpoint
        fields = ("id", "size", "root", "signature", "created_at")
