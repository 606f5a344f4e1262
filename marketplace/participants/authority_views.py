"""The API of limits of authority."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, create_command
from marketplace.kernel.permissions import Permission

from . import services
from .authority_queries import visible_limits
from .authority_serializers import AuthorityLimitSerializer, StateAuthorityLimitSerializer
from .models import AuthorityLimit


class AuthorityLimitViewSet(MarketReadViewSet[AuthorityLimit]):
    """Limits of authority of the caller's own organisation, with their history. Nobody else sees them."""

    reads = Permission.MARKET_READ
    serializer_class = AuthorityLimitSerializer
    filterset_fields = ("act", "role", "person", "currency")
    queryset = AuthorityLimit.objects.none()

    def get_queryset(self) -> QuerySet[AuthorityLimit]:
        """Rows in the caller's scope."""
        return visible_limits(self.actor)

    @create_command(
        summary="State a limit of authority",
        request=StateAuthorityLimitSerializer,
        response=AuthorityLimitSerializer,
        needs=Permission.MEMBERS_WRITE,
        example={
            "act": "sign",
            "role": "signatory",
            "currency": "JPY",
            "per_act_minor": 1_000_000,
            "per_month_minor": 5_000_000,
        },
    )
    def create(self, data: dict[str, Any]) -> AuthorityLimit:
        """State up to what value a role or a person of your organisation signs or buys alone; above it, a colleague decides.

        What allows nobody more holds at once. What allows more holds after a whole business day, and takes another owner,
        where there is one, who gives the same command.
        """
        return services.state_authority_limit(actor=self.actor, **data)
