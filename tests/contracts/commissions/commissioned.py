"""Commissioned work of the tests' market: a large buyer, and a seller that a law protects."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marketplace.kernel import clock
from marketplace.participants.models import Organisation
from tests.roles import unguarded

LARGE = {"capital_yen": "400000000", "employees": "500", "officers": "5"}
SMALL = {"capital_yen": "3000000", "employees": "4", "officers": "1"}


def state_size(market: Any, name: str, sizes: dict[str, str]) -> None:
    """An organisation of the market has stated its size."""
    with unguarded("participants_organisation"):
        Organisation.objects.filter(pk=market.organisation(name).pk).update(**sizes)


def protected(market: Any) -> Any:
    """The market, in which the buyer is large and the seller small."""
    state_size(market, "buyer", LARGE)
    state_size(market, "seller", SMALL)
    return market


def commission(**changes: Any) -> dict[str, Any]:
    """The term as a party states it."""
    return {
        "work": "information_deliverable",
        "content": "高松駅の人流データ（2026年、1時間ごと）の作成",
        "deliver_by": (clock.today() + timedelta(days=30)).isoformat(),
        "place": "本市場による提供",
        "holiday_shift": False,
        **changes,
    }
