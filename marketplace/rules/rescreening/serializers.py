"""Re-screenings in the API."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.api.serializers import RowSerializer

from .models import Rescreening


class RescreeningSerializer(RowSerializer[Rescreening]):
    """How many admissions were evaluated under a new rulebook, how many would not pass now, and how many pass again."""

    id = serializers.CharField(source="public_id")
    rulebook = serializers.CharField(source="rulebook.public_id")

    class Meta:
        model = Rescreening
        fields = ("id", "rulebook", "evaluated", "stopped", "cleared", "finished_at")
