"""Events and inbox entries in the API of the operator."""

from rest_framework import serializers

from marketplace.api.serializers import StrictSerializer

from .models import REASON_LENGTH_MAX, InboxEntry, OutboxEvent


class OutboxEventSerializer(serializers.ModelSerializer[OutboxEvent]):
    """An event as emitted."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = OutboxEvent
        fields = ("id", "type", "version", "subject", "data", "occurred_at")


class InboxEntrySerializer(serializers.ModelSerializer[InboxEntry]):
    """One event for one handler."""

    event = serializers.CharField(source="event.public_id")

    class Meta:
        model = InboxEntry
        fields = ("id", "event", "handler", "subject", "state", "attempts", "due_at", "handled_at", "error")


class AbandonEntryInput(StrictSerializer):
    """Why a parked inbox entry is given up."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)
