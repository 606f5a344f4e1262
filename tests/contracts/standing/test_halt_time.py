"""While trading is halted the time to answer stands still; when the halt is lifted, both get back what it took."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from contracts import services
from contracts.errors import NegotiationExpired
from contracts.models import Negotiation
from contracts.services.halts import notify_of_halt
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.notices.models import Notice, Task
from marketplace.notices.services import open_task
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import TASK_TITLES
from marketplace.rules import services as rules
from marketplace.rules.halt_time import halted_time
from marketplace.rules.models import Halt
from tests.contracts import factories
from tests.participants import factories as participants
from tests.roles import assert_refused

pytestmark = pytest.mark.django_db

WHY = {"ja": "確認のため", "en": "For a check"}
DAY = timedelta(days=1)


def halt(scope: str, subject: str = "") -> Halt:
    return rules.halt_trading(actor=SYSTEM, scope=scope, subject=subject, reason=WHY)


def lift(halted: Halt) -> None:
    participants.staff("usr_first", "usr_second")
    second = replace(SYSTEM, identifier="usr_second")
    rules.lift_halt(actor=second, halt=halted.public_id, reason=WHY, first_person="usr_first")


def later(days: float) -> None:
    clock.move_to(clock.now() + timedelta(days=days), running=False)


@pytest.fixture
def negotiation(market) -> Negotiation:
    """A negotiation in which the seller is to answer; business time stands still."""
    clock.move_to(clock.now(), running=False)
    return factories.requested(market)


def taken(negotiation: Negotiation, since) -> tuple[timedelta, bool]:
    return halted_time(
        listing=negotiation.listing, segment=negotiation.segment, since=since, until=clock.now()
    )


def test_halts_that_overlap_count_once_and_only_what_they_cover(negotiation):
    began = clock.now()
    market = halt("market")
    later(2)
    segment = halt("segment", negotiation.segment)
    elsewhere = halt("segment", participants.segment("public").code)
    later(2)
    lift(market)
    assert taken(negotiation, began) == (4 * DAY, True)
    later(1)
    lift(segment)
    later(1)
    assert taken(negotiation, began) == (5 * DAY, False)
    assert taken(negotiation, began + 3 * DAY) == (2 * DAY, False)
    assert taken(negotiation, clock.now()) == (timedelta(0), False)
    lift(elsewhere)
    assert taken(negotiation, began) == (5 * DAY, False)


def test_nothing_expires_while_trading_is_halted(market, negotiation):
    due = negotiation.respond_by
    later(13)
    halted = halt("listing", negotiation.listing)
    later(5)
    assert services.end_expired() == 0
    services.make_offer(actor=market.seller, negotiation=negotiation.public_id, terms={"price_minor": 90_000})
    negotiation.refresh_from_db()
    assert negotiation.state == "offered"
    assert negotiation.respond_by > due
    lift(halted)


def test_what_a_halt_took_is_given_back_even_before_anybody_is_told(market, negotiation):
    due = negotiation.respond_by
    later(13)
    halted = halt("market")
    later(5)
    lift(halted)
    assert services.end_expired() == 0
    negotiation.refresh_from_db()
    assert (negotiation.state, negotiation.respond_by) == ("requested", due + 5 * DAY)
    later(1.5)
    with pytest.raises(NegotiationExpired):
        services.make_offer(actor=market.seller, negotiation=negotiation.public_id, terms={"price_minor": 1})
    assert services.end_expired() == 1


def test_both_are_told_and_the_tasks_move(market, negotiation):
    due = negotiation.respond_by
    open_task(
        organisation_id=negotiation.seller_id,
        kind=TaskKind.ANSWER,
        subject=negotiation.public_id,
        thread=negotiation.public_id,
        title=TASK_TITLES[TaskKind.ANSWER],
        deadline=due,
    )
    halted = halt("market")
    later(3)
    lift(halted)
    for _ in range(2):
        assert notify_of_halt(halt=halted.public_id, lifted=True) == 2
        negotiation.refresh_from_db()
        assert (negotiation.respond_by, Task.objects.get().deadline) == (due + 3 * DAY, due + 3 * DAY)
    body = Notice.objects.filter(subject=halted.public_id).latest("pk").body
    assert "回答期限は停止期間の分だけ延長されます" in body["ja"]


def test_under_another_halt_nothing_moves_yet(negotiation):
    due = negotiation.respond_by
    market, segment = halt("market"), halt("segment", negotiation.segment)
    later(3)
    lift(market)
    notify_of_halt(halt=market.public_id, lifted=True)
    negotiation.refresh_from_db()
    assert negotiation.respond_by == due
    later(1)
    lift(segment)
    notify_of_halt(halt=segment.public_id, lifted=True)
    negotiation.refresh_from_db()
    assert negotiation.respond_by == due + 4 * DAY


def test_the_database_moves_a_deadline_by_nothing_else(negotiation):
    def refused(change: str) -> None:
        def attack() -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE contracts_negotiation SET {change} WHERE id = {negotiation.pk}")

        assert_refused(attack, because="moves by the time that trading was halted")

    refused("respond_by = respond_by + interval '1 day'")
    refused("respond_by = respond_by + interval '1 day', halts_counted_until = public.business_now()")
    halted = halt("market")
    later(2)
    counted = "halts_counted_until = public.business_now()"
    refused(f"respond_by = respond_by + interval '2 days', {counted}")
    lift(halted)
    refused(f"respond_by = respond_by + interval '3 days', {counted}")
    refused(
        "respond_by = respond_by + interval '2 days', halts_counted_until = public.business_now() - interval '1 day'"
    )
    refused("respond_by = respond_by - interval '1 day'")
    due = negotiation.respond_by
    negotiation.refresh_from_db()
    assert negotiation.respond_by == due
