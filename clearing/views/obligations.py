"""Obligations, for who owes them and who is owed."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.permissions import IsOperator
from marketplace.api.views import MarketReadViewSet, command
from marketplace.kernel.errors import Missing

from .. import queries, services
from ..filters import ObligationFilter
from ..models import Obligation
from ..obligation_reference import named_by
from ..serializers import ObligationSerializer, ReverseSerializer


class ObligationViewSet(MarketReadViewSet[Obligation]):
    """What the caller owes and is owed by trades; every obligation, for the operator."""

    serializer_class = ObligationSerializer
    filterset_class = ObligationFilter
    queryset = Obligation.objects.none()
    lookup_field = "pk"

    def get_queryset(self) -> QuerySet[Obligation]:
        """What the caller may see."""
        return queries.visible_obligations(self.actor)

    def get_object(self) -> Obligation:
        """The obligation of a name; one that the caller may not see is missing."""
        name = self.kwargs["id"]
        named = named_by(name)
        rows = self.filter_queryset(self.get_queryset())
        found = rows.filter(trade__public_id=named[0], pk=named[1]).first() if named else None
        if found is None:
            raise Missing(kind="obligation", identifier=name)
        return found

    @command(
        summary="Undo a correction",
        request=ReverseSerializer,
        response=ObligationSerializer,
        permissions=(IsOperator,),
        status=201,
        example={"reason": "The penalty was ordered for the wrong trade."},
    )
    def reverse(self, data: dict[str, Any], public_id: str) -> Obligation:
        """One obligation of the same amount the other way; a correction is undone once (operator)."""
        return services.reverse_obligation(actor=self.actor, obligation=public_id, reason=data["reason"])
