"""The API of trustees: their appointment by two people of admission."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .models import TrusteeAppointment
from .states import TrusteeState
from .suspension_queries import visible_trustees

EXAMPLE = {
    "organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
    "email": "trustee@example.jp",
    "name": "管財 一郎",
    "document": "東京地方裁判所 令和8年(フ)第1234号",
    "document_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}


class TrusteeAppointmentSerializer(serializers.ModelSerializer[TrusteeAppointment]):
    """The appointment of a trustee."""

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="suspension.organisation.public_id")
    suspension = serializers.CharField(source="suspension.public_id")
    state_label = ChoiceLabelField(TrusteeState, source="state")

    class Meta:
        model = TrusteeAppointment
        fields = (
            "id", "organisation", "suspension", "email", "name", "document", "document_sha256", "state", "state_label",
            "proposed_by", "proposed_at", "ended_by", "ended_at", "salt",
        )  # fmt: skip


class ProposeTrusteeSerializer(StrictSerializer):
    """The trustee whom a court appointed, and the court's document."""

    organisation = serializers.CharField(max_length=31)
    email = serializers.CharField(max_length=254)
    name = serializers.CharField(max_length=100)
    document = serializers.CharField(max_length=200)
    document_sha256 = serializers.CharField(max_length=64)


class TrusteeAppointmentViewSet(MarketReadViewSet[TrusteeAppointment]):
    """Trustees of the caller's organisation; all, for the operator."""

    reads = Permission.MARKET_READ
    serializer_class = TrusteeAppointmentSerializer
    filterset_fields = ("state",)
    queryset = TrusteeAppointment.objects.none()

    def get_queryset(self) -> QuerySet[TrusteeAppointment]:
        """Rows in the caller's scope."""
        return visible_trustees(self.actor)

    @create_command(
        summary="Propose the trustee of an organisation in insolvency proceedings",
        request=ProposeTrusteeSerializer,
        response=TrusteeAppointmentSerializer,
        needs=Permission.ADMISSION_WRITE,
        example=EXAMPLE,
    )
    def create(self, data: dict[str, Any]) -> TrusteeAppointment:
        """Propose whom the court appointed, with its document; another person of admission confirms (operator)."""
        return services.propose_trustee(actor=self.actor, **data)

    @command(
        summary="Confirm the trustee of an organisation",
        response=TrusteeAppointmentSerializer,
        needs=Permission.ADMISSION_WRITE,
    )
    def appoint(self, data: dict[str, Any], public_id: str) -> TrusteeAppointment:
        """Confirm as the second person: the trustee acts for the organisation from now (operator)."""
        return services.appoint_trustee(actor=self.actor, appointment=public_id)

    @command(
        summary="Withdraw the proposal of a trustee",
        response=TrusteeAppointmentSerializer,
        needs=Permission.ADMISSION_WRITE,
    )
    def withdraw(self, data: dict[str, Any], public_id: str) -> TrusteeAppointment:
        """Withdraw what is not confirmed yet (operator)."""
        return services.withdraw_trustee(actor=self.actor, appointment=public_id)
