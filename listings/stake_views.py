"""The API of interests of third parties in listings."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .models import Stake
from .stake_kinds import StakeKind, StakeSource
from .stake_models import HOLDER_LENGTH_MAX, REASON_LENGTH_MAX
from .stake_queries import visible_stakes


class StakeFilter(filters.FilterSet):
    """Filters by listing and kind."""

    listing = filters.CharFilter(field_name="listing__public_id")
    kind = filters.ChoiceFilter(choices=StakeKind.choices)

    class Meta:
        model = Stake
        fields = ("listing", "kind")


class StakeSerializer(serializers.ModelSerializer[Stake]):
    """An interest of a third party in the data of a listing. It stands until ``ended_at``.

    Evidence has the SHA-256 over the lines ``salt`` and ``holder``, and over ``salt`` and ``end_reason``.
    """

    id = serializers.CharField(source="public_id")
    listing = serializers.CharField(source="listing.public_id")
    kind_label = ChoiceLabelField(StakeKind, source="kind")
    stated_as_label = ChoiceLabelField(StakeSource, source="stated_as")

    class Meta:
        model = Stake
        fields = (
            "id", "listing", "holder", "kind", "kind_label", "stated_as", "stated_as_label", "since", "evidence_sha256",
            "stated_at", "ended_at", "end_reason", "salt",
        )  # fmt: skip


class StateStakeSerializer(StrictSerializer):
    """Who has which interest in the data of a listing, since when, and the SHA-256 of the document that shows it."""

    listing = serializers.CharField(max_length=31)
    holder = serializers.CharField(max_length=HOLDER_LENGTH_MAX)
    kind = serializers.ChoiceField(choices=StakeKind.choices)
    since = serializers.DateField(allow_null=True, default=None)
    evidence_sha256 = serializers.CharField(max_length=64, default="", allow_blank=True)


class EndStakeSerializer(StrictSerializer):
    """Why the interest no longer stands; everybody who reads it reads this."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)


class StakeViewSet(MarketReadViewSet[Stake]):
    """Interests of third parties in listings on sale, and in the caller's own; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = StakeSerializer
    filterset_class = StakeFilter
    queryset = Stake.objects.none()

    def get_queryset(self) -> QuerySet[Stake]:
        """Rows in the caller's scope."""
        return visible_stakes(self.actor)

    @create_command(
        summary="State a third party's interest in a listing",
        needs=(Permission.ORGANISATION_WRITE, Permission.ADMISSION_WRITE),
        request=StateStakeSerializer,
        response=StakeSerializer,
        example={
            "listing": "lst_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "holder": "高松市",
            "kind": "licensor",
            "since": "2024-04-01",
        },
    )
    def create(self, data: dict[str, Any]) -> Stake:
        """Declare who else has an interest in your data; or, as the operator, what a third party claims. Buyers and rules read it."""
        return services.state_stake(actor=self.actor, **data)

    @command(
        summary="End a third party's interest in a listing",
        needs=Permission.ADMISSION_WRITE,
        request=EndStakeSerializer,
        response=StakeSerializer,
        filterset_class=None,
        example={"reason": "許諾契約の終了を確認しました。"},
    )
    def end(self, data: dict[str, Any], public_id: str) -> Stake:
        """End an interest that is over; takes two people (operator)."""
        return services.end_stake(actor=self.actor, stake=public_id, **data)
