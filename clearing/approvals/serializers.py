"""Approvals over HTTP."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers import BilingualField

from ..ground.serializers import label_of
from .models import Approval


class ApprovalSerializer(serializers.ModelSerializer[Approval]):
    """A command on a large amount, its first person and its outcome."""

    id = serializers.CharField(source="public_id")
    state_label = serializers.SerializerMethodField()

    class Meta:
        model = Approval
        fields = (
            "id", "command", "subject", "payload", "digest", "amount_minor", "currency", "state", "state_label",
            "first_person", "asked_at", "expires_at", "ended_by", "ended_at",
        )  # fmt: skip

    @extend_schema_field(BilingualField)
    def get_state_label(self, approval: Approval) -> dict[str, str]:
        """Label of the state."""
        return label_of(approval, "state")
