"""The API of interests that the operator's staff have declared."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from marketplace.api.serializers import ChoiceLabelField, StrictSerializer
from marketplace.api.views import MarketReadViewSet, command, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .interest_guards import ENDS
from .interest_queries import visible_interests
from .interests import InterestKind
from .models import StaffInterest
from .models.interests import STATEMENT_LENGTH_MAX


class StaffInterestSerializer(serializers.ModelSerializer[StaffInterest]):
    """An interest of a person of the operator in a participant. It stands until ``ended_at``.

    Evidence has the SHA-256 over the lines ``salt`` and ``statement``, and over ``salt`` and ``end_reason``.
    """

    id = serializers.CharField(source="public_id")
    organisation = serializers.CharField(source="organisation.public_id")
    kind_label = ChoiceLabelField(InterestKind, source="kind")

    class Meta:
        model = StaffInterest
        fields = (
            "id", "person", "organisation", "kind", "kind_label", "statement", "since", "declared_by", "declared_at",
            "ended_at", "ended_by", "end_first_person", "end_reason", "salt",
        )  # fmt: skip


class DeclareInterestSerializer(StrictSerializer):
    """In which participant, of which kind, and since when. ``person``: a colleague, if it is not the caller's own."""

    organisation = serializers.CharField(max_length=31)
    kind = serializers.ChoiceField(choices=InterestKind.choices)
    statement = serializers.CharField(max_length=STATEMENT_LENGTH_MAX)
    since = serializers.DateField(allow_null=True, default=None)
    person = serializers.CharField(max_length=31, allow_null=True, default=None)


class EndInterestSerializer(StrictSerializer):
    """Why the interest no longer stands."""

    reason = serializers.CharField(max_length=STATEMENT_LENGTH_MAX)


class StaffInterestViewSet(MarketReadViewSet[StaffInterest]):
    """Interests that the operator's staff have declared. Who has declared one decides nothing about that participant."""

    reads = Permission.OPERATOR_READ
    serializer_class = StaffInterestSerializer
    filterset_fields = ("person", "kind")
    queryset = StaffInterest.objects.none()

    def get_queryset(self) -> QuerySet[StaffInterest]:
        """Rows in the caller's scope."""
        return visible_interests(self.actor)

    @create_command(
        summary="Declare an interest in a participant",
        needs=Permission.PERSON_OWN,
        request=DeclareInterestSerializer,
        response=StaffInterestSerializer,
        example={
            "organisation": "org_01JABCDEFGHJKMNPQRSTVWXYZ0",
            "kind": "employment",
            "statement": "2025年3月まで同社の従業員でした。",
            "since": "2026-04-01",
        },
    )
    def create(self, data: dict[str, Any]) -> StaffInterest:
        """Say that you, or a colleague, are related to a participant: that person decides nothing about it (operator).

        Of a colleague only while two others are left who decide.
        """
        return services.declare_interest(actor=self.actor, **data)

    @command(
        summary="End a declared interest",
        needs=ENDS,
        request=EndInterestSerializer,
        response=StaffInterestSerializer,
        example={"reason": "退職から2年が経過し、ほかの関係もないことを確認しました。"},
    )
    def end(self, data: dict[str, Any], public_id: str) -> StaffInterest:
        """End an interest that is over; takes two people, neither the one concerned nor related (operator)."""
        return services.end_interest(actor=self.actor, interest=public_id, **data)
