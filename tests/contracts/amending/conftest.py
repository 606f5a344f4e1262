"""What the tests of amendments share."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from contracts.models import Agreement
from marketplace.kernel import clock
from tests.standing import FIRST_DAY, made_once

from .. import factories

JST = ZoneInfo("Asia/Tokyo")
SUBSCRIPTION = {
    "price_minor": 10_000,
    "rights": {"duration": "P1Y", "delete_at_end": False},
    "charging": {"kind": "subscription", "charges": 12, "period_months": 1},
    "ending": {"convenience_notice_days": 30, "refund": "pro_rata"},
}


@made_once
def market() -> factories.Market:
    """An open market with one listing on sale, on the first day of the tests' calendar."""
    clock.move_to(FIRST_DAY)
    return factories.market()


@pytest.fixture
def year(market) -> Agreement:
    """An agreement over a year, concluded on 2027-03-31, for 10,000 yen a month."""
    clock.move_to(datetime(2027, 3, 31, 10, tzinfo=JST), running=False)
    return factories.agreement(market, **SUBSCRIPTION)
