"""The API of outages: when nobody could use the market."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from delivery import services
from marketplace.api.permissions import PUBLIC
from marketplace.api.serializers import InstantField, StrictSerializer
from marketplace.api.views import MarketReadViewSet, create_command
from marketplace.kernel.permissions import Permission

from .models import Outage


class OutageSerializer(serializers.ModelSerializer[Outage]):
    """A time in which nobody could use the market. ``given_back_at``: when all access that was live then was given back."""

    id = serializers.CharField(source="public_id")

    class Meta:
        model = Outage
        fields = ("id", "incident", "since", "until", "stated_at", "given_back_at")


class StateOutageSerializer(StrictSerializer):
    """When nobody could use the market, and the incident by which the operator registers it; at most 31 days, and no other outage's."""

    incident = serializers.CharField(max_length=31)
    since = InstantField()
    until = InstantField()


class OutageViewSet(MarketReadViewSet[Outage]):
    """Outages of the market: access that was live in one is longer by it. Public."""

    reads = PUBLIC
    serializer_class = OutageSerializer
    filterset_fields = ("incident",)
    queryset = Outage.objects.none()

    def get_queryset(self) -> QuerySet[Outage]:
        """Every outage."""
        return Outage.objects.all()

    @create_command(
        summary="State an outage of the market",
        needs=Permission.SUPPORT_WRITE,
        request=StateOutageSerializer,
        response=OutageSerializer,
        example={
            "incident": "inc_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "since": "2026-04-06T09:00:00+09:00",
            "until": "2026-04-06T15:30:00+09:00",
        },
    )
    def create(self, data: dict[str, Any]) -> Outage:
        """Two people state when nobody could use the market (operator); access that was live then is given back."""
        return services.state_outage(actor=self.actor, **data)
