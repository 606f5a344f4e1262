"""Reading how participants' money is safeguarded: the regime in force, and the daily checks."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from marketplace.kernel import clock

from ..models import FundsRegime, SegregationCheck


def visible_regimes() -> QuerySet[FundsRegime]:
    """Every declaration: under what right the market holds money is public."""
    return FundsRegime.objects.all()


def regime_in_force(currency: str, at: datetime | None = None) -> FundsRegime | None:
    """The funds regime of a currency at ``at`` (now, if not given); None if none was declared for then."""
    rows = FundsRegime.objects.filter(currency=currency, effective_from__lte=at or clock.now())
    return rows.order_by("effective_from", "pk").last()


def may_pay_abroad(currency: str) -> bool:
    """Whether the regime in force records a licence or an exemption for paying to participants abroad."""
    regime = regime_in_force(currency)
    return regime is not None and regime.cross_border_allowed


def segregation_checks() -> QuerySet[SegregationCheck]:
    """Every daily check of client money."""
    return SegregationCheck.objects.select_related("statement")
