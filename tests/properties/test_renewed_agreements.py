"""A renewed agreement is served and charged on, from its conclusion to its end, through every application."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from clearing.models import Trade
from contracts.models import Agreement
from contracts.renewing.models import Renewal
from delivery.models import Entitlement
from delivery.services import Statement
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all

from .walked_market import WalkedMarket

JST = ZoneInfo("Asia/Tokyo")
OFFER = {
    "rights": {"contract_type": "licence", "duration": "P1M"},
    "price_minor": 10_000,
    "funding_days": 2,
    "inspection_days": 3,
    "charging": {"kind": "subscription", "charges": 1, "period_months": 1, "first_period_from": None},
}
ENDING = {"convenience_notice_days": None, "refund": "none"}
MONTHLY = {"kind": "automatic", "notice_days": 14, "times_max": 2}


@pytest.fixture
def world(committed_database) -> Iterator[WalkedMarket]:
    """A market on 2030-02-04."""
    clock.move_to(datetime(2030, 2, 4, 10, tzinfo=JST), running=False)
    made, block = WalkedMarket(), transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # as Django's own test cases do
    with block:
        made.begin()
        yield made
        transaction.set_rollback(True)


def broken() -> dict:
    return {
        name: rows
        for application in ("web", "contracts", "delivery", "clearing")
        for name, rows in verify_all(application).items()
        if rows
    }


def go_to(world: WalkedMarket, day: int, month: int) -> None:
    """Pass the days up to 10:00 of a day, a beat each."""
    until = datetime(2030, month, day, 10, tzinfo=JST)
    while clock.now() < until:
        world.pass_time(days=1)


def charges(agreement: str) -> list[tuple[int, str]]:
    return list(Trade.objects.filter(agreement=agreement).order_by("charge").values_list("charge", "state"))


def test_access_and_charges_go_on_until_a_party_refuses(world):
    agreement = world.sell(dict(OFFER), ENDING, MONTHLY)
    world.pay(agreement)
    (access,) = Entitlement.objects.all()
    world.fetch(access, whole=True, statement=Statement("research", "JP"))
    world.report(access, rightly=True)
    assert access.expires_at == datetime(2030, 3, 5, tzinfo=JST)
    go_to(world, 19, 2)
    access.refresh_from_db()
    # The last day of the term is 03-04, the last day of the notice 02-18.
    assert (access.version, access.expires_at) == (2, datetime(2030, 4, 5, tzinfo=JST))
    assert charges(agreement) == [(1, "secured")]
    go_to(world, 4, 3)
    assert charges(agreement)[1:] == [(2, "concluded")]
    world.pay(agreement)
    assert charges(agreement)[1][1] == "secured"
    go_to(world, 6, 3)
    access.refresh_from_db()
    assert (access.state, access.ended_at) == ("started", None)
    world.fetch(access, whole=True, statement=Statement("research", "JP"))
    assert broken() == {}
    world.refuse_renewal(agreement, is_buyer=False)
    go_to(world, 6, 4)
    access.refresh_from_db()
    assert access.ended_at is not None
    assert Agreement.objects.get().state == "expired"
    assert list(Renewal.objects.order_by("pk").values_list("state", flat=True)) == ["renewed", "refused"]
    assert len(charges(agreement)) == 2
    assert broken() == {}
