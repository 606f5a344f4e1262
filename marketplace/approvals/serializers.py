"""Approvals over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField, WaitingSerializer

from .models import Approval
from .states import ApprovalState
from .waiting import waiting_of_approval


class ApprovalSerializer(serializers.ModelSerializer[Approval]):
    """A command that takes two people, its first person and its outcome."""

    id = serializers.CharField(source="public_id")
    state_label = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()

    class Meta:
        model = Approval
        fields = (
            "id", "organisation", "permission", "command", "subject", "payload", "digest", "amount_minor", "currency",
            "state", "state_label", "waiting", "first_person", "first_responsible", "asked_at", "expires_at", "ended_by",
            "ended_at", "salt",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, approval: Approval) -> dict[str, str]:
        """Label of the state."""
        labels: dict[str, Any] = dict(ApprovalState.choices)
        words: dict[str, str] = labels[approval.state].as_dict()
        return words

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, approval: Approval) -> dict[str, Any] | None:
        """For whom it waits and until when; null once it has ended."""
        found = waiting_of_approval(approval)
        return found.as_dict() if found else None
