"""The API of re-screenings."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.api.views import MarketReadViewSet
from marketplace.kernel.permissions import Permission

from .models import Rescreening
from .serializers import RescreeningSerializer


class RescreeningViewSet(MarketReadViewSet[Rescreening]):
    """What new rulebooks would decide on standing admissions; while one is made, `jobs/?kind=rules.rescreen` shows its progress."""

    reads = (Permission.RULEBOOK_WRITE, Permission.EVIDENCE_READ, Permission.ADMISSION_READ)
    serializer_class = RescreeningSerializer
    queryset = Rescreening.objects.none()

    def get_queryset(self) -> QuerySet[Rescreening]:
        """Every re-screening; who may call this route reads all of them."""
        return Rescreening.objects.select_related("rulebook")
