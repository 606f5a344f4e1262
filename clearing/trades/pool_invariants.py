"""The invariant of prices that a pool divides; ``invariants`` imports it."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant

from .charge_models import ChargePlan
from .models import Obligation, Trade
from .shared_prices import pool_shares_of_trade
from .states import ObligationKind, TradeState


def _divided_otherwise() -> list[dict[str, Any]]:
    """Accepted trades of pooled plans whose shares are not those that were in force on the day on which their charge fell due."""
    pooled = ChargePlan.objects.filter(agreement=OuterRef("agreement"), pooled=True)
    breaches = []
    for trade in Trade.objects.filter(Exists(pooled), state=TradeState.ACCEPTED).order_by("pk").iterator():
        owed = {row.organisation_id: row.amount_minor for row in pool_shares_of_trade(trade)}
        made = dict(
            Obligation.objects.filter(trade=trade, kind=ObligationKind.SHARE, deferred_from=None).values_list(
                "creditor_id", "amount_minor"
            )
        )
        if owed != made:
            breaches.append({"trade": trade.public_id, "owed": owed, "made": made})
    return breaches[:BREACHES_SHOWN_MAX]


Invariant(
    name="clearing.pool_divides_by_the_day",
    promise=1,
    statement="The price of a trade behind which a pool stands is divided by the signed shares in force on the day on which its charge falls due, to the last unit.",
    guards=(
        "clearing_obligation.within_limits",
        "clearing_obligation.append_only",
        "clearing_chargeplan.append_only",
    ),
    test="tests/clearing/trades/test_pools.py::test_the_database_gives_nobody_else_a_share",
    check=_divided_otherwise,
)
