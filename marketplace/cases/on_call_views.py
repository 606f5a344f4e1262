"""The API of the rota: who of the operator is on call."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from marketplace.api.permissions import PUBLIC
from marketplace.api.serializers import ChoiceLabelField, InstantField, StrictSerializer
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .on_call import Duty
from .on_call_models import OnCallTurn
from .on_call_queries import turns


class OnCallTurnSerializer(serializers.ModelSerializer[OnCallTurn]):
    """A person of the operator is on call for a duty, unless the turn was withdrawn. It says nothing else of the person."""

    id = serializers.CharField(source="public_id")
    duty_label = ChoiceLabelField(Duty, source="duty")

    class Meta:
        model = OnCallTurn
        fields = ("id", "duty", "duty_label", "person", "since", "until", "stated_at", "withdrawn_at")


class PublishTurnSerializer(StrictSerializer):
    """Who is on call for what, and when; at most 31 days."""

    duty = serializers.ChoiceField(choices=Duty.choices)
    person = serializers.CharField(max_length=60)
    since = InstantField()
    until = InstantField()


class OnCallTurnViewSet(MarketReadViewSet[OnCallTurn]):
    """The rota of the operator: two people at any time for each duty release what one has tightened. Public."""

    reads = PUBLIC
    serializer_class = OnCallTurnSerializer
    filterset_fields = ("duty", "person")
    queryset = OnCallTurn.objects.none()

    def get_queryset(self) -> QuerySet[OnCallTurn]:
        """Every turn."""
        return turns()

    @create_command(
        summary="Publish who is on call",
        needs=Permission.ORGANISATION_WRITE,
        request=PublishTurnSerializer,
        response=OnCallTurnSerializer,
        example={
            "duty": "rulebook",
            "person": "usr_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "since": "2099-04-06T09:00:00+09:00",
            "until": "2099-04-13T09:00:00+09:00",
        },
    )
    def create(self, data: dict[str, Any]) -> OnCallTurn:
        """Publish that a person is on call for a duty (the operator's owners)."""
        return services.publish_turn(actor=self.actor, **data)

    @command(
        summary="Withdraw a turn",
        needs=Permission.ORGANISATION_WRITE,
        response=OnCallTurnSerializer,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> OnCallTurn:
        """Withdraw a turn that is not over; publish another one (the operator's owners)."""
        return services.withdraw_turn(actor=self.actor, turn=public_id)
