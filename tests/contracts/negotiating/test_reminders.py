"""The party whose turn it is is reminded before its time to answer ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import services, tasks
from contracts.models import Reminder
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.models import Notice
from marketplace.rules import services as rules
from tests.poison import RUNS, aside, poisoned
from tests.roles import unguarded

from .. import factories
from ..raw import refused

pytestmark = pytest.mark.django_db

WAITS = "への回答期限が近づいています"


@pytest.fixture(autouse=True)
def _standing_clock(market):
    clock.move_to(clock.now(), running=False)


def left(negotiation, **time) -> None:
    """Move the clock to so long before the time to answer ends."""
    negotiation.refresh_from_db()
    clock.move_to(negotiation.respond_by - timedelta(**time), running=False)


def told(organisation) -> list[str]:
    rows = Notice.objects.filter(organisation=organisation, title__ja__endswith=WAITS)
    return list(rows.order_by("pk").values_list("subject", flat=True))


def test_who_is_to_answer_is_reminded_three_days_and_one_day_before(market):
    negotiation = factories.requested(market)
    left(negotiation, days=3, minutes=1)
    assert tasks.sweep() == 0
    left(negotiation, days=3)
    assert (tasks.sweep(), tasks.sweep()) == (1, 0)
    left(negotiation, days=1)
    assert (tasks.sweep(), tasks.sweep()) == (1, 0)
    assert told(market.organisation("seller")) == [negotiation.public_id] * 2
    assert told(market.organisation("buyer")) == []
    assert (
        Notice.objects.latest("pk")
        .body["en"]
        .startswith(f"Answer in negotiation {negotiation.public_id} by ")
    )
    services.make_offer(actor=market.seller, negotiation=negotiation.public_id)
    left(negotiation, hours=5)
    assert (tasks.sweep(), tasks.sweep()) == (1, 0)
    assert told(market.organisation("buyer")) == [negotiation.public_id]
    assert list(Reminder.objects.order_by("pk").values_list("proposal__number", "state", "days")) == [
        (1, "requested", 3),
        (1, "requested", 1),
        (2, "offered", 1),
    ]


def test_the_buyer_is_reminded_of_what_the_seller_signed(market):
    negotiation = factories.agreed(market)
    left(negotiation, days=2)
    assert tasks.sweep() == 1
    assert told(market.organisation("buyer")) == [negotiation.public_id]


def test_nobody_is_reminded_of_a_period_as_short_as_the_reminder(market):
    negotiation = factories.agreed(market, open_days=1)
    left(negotiation, hours=20)
    assert (tasks.sweep(), Reminder.objects.count()) == (0, 0)


def test_what_needs_no_reminder_takes_no_place_in_a_run(market):
    short, reminded, other = (factories.requested(market, open_days=1) for _ in range(3))
    left(other, days=1)
    services.sign(actor=market.seller, negotiation=short.public_id)
    assert services.remind_to_answer(limit=1) == 1
    assert services.remind_to_answer(limit=1) == 1
    assert told(market.organisation("seller")) == [reminded.public_id, other.public_id]
    assert services.remind_to_answer(limit=1) == 0


def test_nobody_is_reminded_of_what_ended_or_stands_still(market):
    ended, halted = factories.requested(market), factories.requested(market)
    services.terminate(actor=market.buyer, negotiation=ended.public_id)
    left(halted, days=2)
    rules.halt_trading(
        actor=SYSTEM, scope="segment", subject=halted.segment, reason={"ja": "確認", "en": "check"}
    )
    assert (tasks.sweep(), Reminder.objects.count()) == (0, 0)


def test_a_reminder_that_fails_stands_aside_and_the_others_are_sent(market):
    stuck, other = factories.requested(market), factories.requested(market)
    left(other, days=2)
    proposal = stuck.proposals.get()
    with poisoned("contracts_reminder", f"NEW.proposal_id = {proposal.pk}"):
        assert sum(tasks.sweep() for _ in range(RUNS)) == 1
    assert aside("contracts.remind_to_answer") == [stuck.public_id]
    assert told(market.organisation("seller")) == [other.public_id]


INSERT = "INSERT INTO contracts_reminder (proposal_id, state, days, reminded_at) VALUES (%s, %s, %s, public.business_now())"


def test_the_database_takes_no_other_reminder(market):
    negotiation = factories.offered(market)
    first, last = negotiation.proposals.order_by("number").values_list("pk", flat=True)
    refused("due within its days", INSERT, last, "offered", 3)
    left(negotiation, days=2)
    for proposal, state, days in (
        (first, "offered", 3),
        (last, "requested", 3),
        (last, "accepted", 3),
        (last, "offered", 1),
    ):
        refused("due within its days", INSERT, proposal, state, days)
    refused("reminder_days", INSERT, last, "offered", 2)
    assert tasks.sweep() == 1
    refused("reminder_once", INSERT, last, "offered", 3)
    refused("append-only|never change", "UPDATE contracts_reminder SET days = 1")
    services.terminate(actor=market.buyer, negotiation=negotiation.public_id)
    refused("due within its days", INSERT, last, "offered", 1)
    invariant = REGISTER["contracts.reminded_in_turn"]
    assert invariant.check() == []
    clock.move_to(clock.now() + timedelta(hours=1), running=False)
    with unguarded("contracts_reminder"):
        Reminder.objects.update(reminded_at=clock.now())
    assert len(invariant.check()) == 1
