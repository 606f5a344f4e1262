"""The API of reviews."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet, command
from marketplace.kernel.permissions import Permission

from . import queries, services
from .filters import ReviewFilter
from .models import STAFF, Review
from .serializers import CloseReviewSerializer, ReviewSerializer


class ReviewViewSet(MarketReadViewSet[Review]):
    """Reviews of what the surveillance noticed: all for who looks into them; for a participant, closed ones about itself."""

    reads = Permission.MARKET_READ
    serializer_class = ReviewSerializer
    filterset_class = ReviewFilter
    queryset = Review.objects.none()

    def get_queryset(self) -> QuerySet[Review]:
        """Rows in the caller's scope."""
        return queries.visible_reviews(self.actor)

    @command(
        summary="Close a review",
        needs=STAFF,
        request=CloseReviewSerializer,
        response=ReviewSerializer,
        example={"outcome": "no_concern", "reason": "季節変動による価格差であることを確認した。"},
    )
    def close(self, data: dict[str, Any], public_id: str) -> Review:
        """Say what was found, and why; the parties are told, or with `sealed_days` only then (operator)."""
        return services.close_review(actor=self.actor, review=public_id, **data)
