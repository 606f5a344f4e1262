"""What cases contribute to figures by class of participant: appeals."""

from __future__ import annotations

from collections.abc import Iterable

from marketplace.kernel.labels import Label
from marketplace.rules.neutrality.contributions import Measure
from marketplace.rules.neutrality.periods import Period

from .models import Case
from .states import CaseKindCode


def _appeals(period: Period) -> Iterable[str]:
    rows = Case.objects.filter(kind=CaseKindCode.APPEAL, **period.window("opened_at")).order_by("pk")
    return rows.values_list("organisation__public_id", flat=True)


Measure("appeals", Label("appeals", "不服申立て"), _appeals)
