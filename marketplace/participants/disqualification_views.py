"""The API of disqualifications."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .disqualification_grounds import DisqualificationGround
from .disqualification_queries import visible_disqualifications
from .models import Disqualification
from .models.disqualifications import REASON_LENGTH_MAX, SOURCE_LENGTH_MAX
from .services.disqualifications import OFFICER_LENGTH_MAX


class DisqualificationSerializer(serializers.ModelSerializer[Disqualification]):
    """A disqualification of an organisation, or of an officer of it, until the end of ``until`` unless it ends before.

    Of an officer: ``officer_commitment`` is the SHA-256 over the lines ``salt`` and the name, without spaces and title.
    """

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    ground_label = ChoiceLabelField(DisqualificationGround, source="ground")

    class Meta:
        model = Disqualification
        fields = (
            "id", "organisation", "officer_commitment", "ground", "ground_label", "source", "source_sha256", "since",
            "until", "first_person", "stated_by", "stated_at", "ended_at", "ended_by", "end_first_person",
            "end_reason", "salt",
        )  # fmt: skip


class DisqualifySerializer(StrictSerializer):
    """Whom, on which ground, as what says so, and until when. ``officer``: the name of an officer, which is not kept."""

    organisation = serializers.CharField(max_length=31)
    ground = serializers.ChoiceField(choices=DisqualificationGround.choices)
    source = serializers.CharField(max_length=SOURCE_LENGTH_MAX)  # type: ignore[assignment]  # DRF's own attribute
    source_sha256 = serializers.CharField(max_length=64, default="", allow_blank=True)
    since = serializers.DateField(allow_null=True, default=None)
    until = serializers.DateField()
    officer = serializers.CharField(max_length=OFFICER_LENGTH_MAX, default="", allow_blank=True)


class EndDisqualificationSerializer(StrictSerializer):
    """Why it ends before its last day; the organisation reads it."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)


class DisqualificationViewSet(MarketReadViewSet[Disqualification]):
    """Disqualifications of the caller's organisation and its officers; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = DisqualificationSerializer
    filterset_fields = ("ground",)
    queryset = Disqualification.objects.none()

    def get_queryset(self) -> QuerySet[Disqualification]:
        """Rows in the caller's scope."""
        return visible_disqualifications(self.actor)

    @create_command(
        summary="Disqualify an organisation or an officer of it",
        needs=Permission.ADMISSION_WRITE,
        request=DisqualifySerializer,
        response=DisqualificationSerializer,
        example={
            "organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "ground": "revoked",
            "source": "総務省告示第12号（認定の取消し）",
            "since": "2026-04-01",
            "until": "2028-03-31",
        },
    )
    def create(self, data: dict[str, Any]) -> Disqualification:
        """Disqualify it for a term; takes two people (operator). Rules read it, and the organisation is told."""
        return services.disqualify(actor=self.actor, **data)

    @command(
        summary="End a disqualification before its last day",
        needs=Permission.ADMISSION_WRITE,
        request=EndDisqualificationSerializer,
        response=DisqualificationSerializer,
        example={"reason": "取消処分を取り消す裁決を確認しました。"},
    )
    def end(self, data: dict[str, Any], public_id: str) -> Disqualification:
        """End it; takes two people (operator)."""
        return services.end_disqualification(actor=self.actor, disqualification=public_id, **data)
