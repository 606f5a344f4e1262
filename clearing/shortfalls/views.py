"""Routes of security deposits, claims and shortfalls."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins, viewsets

from marketplace.api.permissions import HasScope, IsOperator
from marketplace.api.principal import actor_of
from marketplace.api.views import command, create_command

from .models import Shortfall
from .queries import Funds, visible_shortfalls
from .serializers import FundsSerializer, OfParticipantSerializer, PayDepositSerializer, ShortfallSerializer
from .services.claims import write_off_claim
from .services.deposits import pay_deposit, release_deposit

OF_PARTICIPANT = {"organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0", "amount_minor": 1_000}


class DepositViewSet(viewsets.GenericViewSet[Any]):
    """Security deposits: participants' own money, used before the reserve lends."""

    permission_classes = (HasScope,)
    serializer_class = FundsSerializer
    queryset = Shortfall.objects.none()

    @create_command(
        summary="Keep back available money as a security deposit",
        request=PayDepositSerializer,
        response=FundsSerializer,
        example={"amount_minor": 1_000},
    )
    def create(self, data: dict[str, Any]) -> Funds:
        """Moves available money of the caller's organisation into its security deposit."""
        return pay_deposit(actor=actor_of(self.request), **data)

    @command(
        summary="Release a security deposit",
        request=OfParticipantSerializer,
        response=FundsSerializer,
        detail=False,
        permissions=(IsOperator,),
        example={**OF_PARTICIPANT, "reason": "退会"},
    )
    def release(self, data: dict[str, Any]) -> Funds:
        """Moves the deposit to the participant's available money if no claim on it is open (operator)."""
        return release_deposit(actor=actor_of(self.request), **data)


class ClaimViewSet(viewsets.GenericViewSet[Any]):
    """Claims on participants for what the reserve lent them."""

    permission_classes = (IsOperator,)
    serializer_class = FundsSerializer
    queryset = Shortfall.objects.none()

    @command(
        summary="Write off a claim",
        request=OfParticipantSerializer,
        response=FundsSerializer,
        detail=False,
        permissions=(IsOperator,),
        example={**OF_PARTICIPANT, "reason": "破産手続の終結"},
    )
    def write_off(self, data: dict[str, Any]) -> Funds:
        """Writes off a claim, or a part of it; the reserve bears the loss (operator)."""
        return write_off_claim(actor=actor_of(self.request), **data)


class ShortfallViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Shortfall]):
    """Shortfalls of the caller's organisation; all shortfalls for the operator."""

    permission_classes = (HasScope,)
    serializer_class = ShortfallSerializer
    filterset_fields = ("currency",)
    queryset = Shortfall.objects.none()

    def get_queryset(self) -> QuerySet[Shortfall]:
        """Shortfalls that the caller may see."""
        if getattr(self, "swagger_fake_view", False):
            return Shortfall.objects.none()
        return visible_shortfalls(actor_of(self.request))
