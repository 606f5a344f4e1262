"""The operator's reserve is lowered by two people, after a published notice, and never below what it has lent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearing.ledger.queries import kind_totals
from clearing.models import Entry, ReserveReduction
from clearing.settlement.errors import ReserveNeeded
from clearing.settlement.held_by_two import LOWER_RESERVE
from clearing.settlement.operator_money import free_operator_money
from clearing.settlement.reserve import free_reserve
from clearing.settlement.services.own_money import take_out_own_money
from clearing.settlement.services.reserve import announce_reserve_reduction, lower_reserves
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Forbidden
from marketplace.kernel.models import AsideRow
from tests.participants.factories import actor_for, client_of
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import refused, run
from ..test_invariants import broken

WHY = "立替えの減少に伴う見直し"
NAMED = "clearing.reserve_lowered_as_announced"
NOTICE = timedelta(hours=72)


@made_once
def funded(market):
    """A reserve of 10,000."""
    factories.fund_reserve(market, 10_000)
    return market


def announce(market, amount: int, **stated) -> ReserveReduction:
    return factories.by_two(market, announce_reserve_reduction, amount_minor=amount, reason=WHY, **stated)


def reserve() -> int:
    return -kind_totals("JPY")["reserve"]


def test_the_reserve_becomes_own_money_on_its_day_and_leaves_by_two(market, funded):
    announced = announce(market, 4_000)
    assert (announced.effective_from - announced.decided_at, free_reserve("JPY")) == (NOTICE, 6_000)
    assert (lower_reserves(), reserve(), free_operator_money("JPY")) == (0, 10_000, 0)
    told = OutboxEvent.objects.get(type="reserve.reduction_announced")
    assert (told.data["amount_minor"], told.data["effective_from"]) == (
        4_000,
        announced.effective_from.isoformat(),
    )
    clock.move_to(announced.effective_from, running=False)
    assert [lower_reserves(), lower_reserves()] == [1, 0]
    assert (reserve(), free_operator_money("JPY"), free_reserve("JPY")) == (6_000, 4_000, 6_000)
    assert OutboxEvent.objects.filter(type="reserve.lowered").count() == 1
    kinds = {"clearing.reserve_reduction_announced", "clearing.reserve_lowered"}
    assert EvidenceRecord.objects.filter(kind__in=kinds, subject=announced.public_id).count() == 2
    factories.by_two(market, take_out_own_money, amount_minor=4_000, reason=WHY)
    assert (free_operator_money("JPY"), broken()) == (0, {})


def test_one_person_a_wrong_amount_and_a_short_notice_lower_nothing(market, funded):
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            announce_reserve_reduction(actor=market.second, amount_minor=1, reason=WHY)
    for actor in (SYSTEM, market.program, actor_for(market.party("buyer"))):
        with pytest.raises(Forbidden):
            announce_reserve_reduction(actor=actor, amount_minor=1, reason=WHY)
    soon = clock.now() + NOTICE - timedelta(hours=1)
    for wrong in (
        {"amount_minor": 0},
        {"amount_minor": -1},
        {"reason": " "},
        {"reason": "x" * 201},
        {"effective_from": soon},
    ):
        with pytest.raises(FieldInvalid):
            announce_reserve_reduction(actor=market.actor, **{"amount_minor": 1, "reason": WHY} | wrong)
    with pytest.raises(ReserveNeeded) as needed:
        announce_reserve_reduction(actor=market.actor, amount_minor=10_001, reason=WHY)
    assert needed.value.fields["most_minor"] == 10_000
    assert (ReserveReduction.objects.count(), reserve(), broken()) == (0, 10_000, {})


def test_what_is_announced_is_not_announced_twice(market, funded):
    announce(market, 6_000)
    with pytest.raises(ReserveNeeded) as needed:
        announce_reserve_reduction(actor=market.actor, amount_minor=4_001, reason=WHY)
    assert needed.value.fields["most_minor"] == 4_000


def test_what_the_reserve_lent_meanwhile_stays_and_the_reduction_waits_aside(market, sold):
    """A reduction is poison to its loop while claims need what it takes: it stands aside, and is tried again."""
    factories.fund_reserve(market, 700)
    announced = announce(market, 700)
    factories.adjust(market, sold, "seller", "buyer", 500)
    factories.clear(market)
    assert factories.balance(market, "seller", "claim") == 550
    with pytest.raises(ReserveNeeded) as needed:
        announce_reserve_reduction(actor=market.actor, amount_minor=1, reason=WHY)
    assert needed.value.fields["most_minor"] == 0
    clock.move_to(announced.effective_from + timedelta(hours=1), running=False)
    assert (lower_reserves(), reserve()) == (0, 700)
    aside = AsideRow.objects.get(subject=announced.public_id)
    assert (aside.loop, broken()) == ("clearing.lower_reserve", {})
    factories.fund_reserve(market, 550)
    AsideRow.objects.update(next_at=clock.real_now())
    assert (lower_reserves(), reserve(), broken()) == (1, 550, {})


REDUCTION = (
    "INSERT INTO clearing_reservereduction (public_id, currency, amount_minor, reason, effective_from, approval_id,"
    " decided_by, decided_at, recorded_at) VALUES ('rsr_raw', 'JPY', %s, %s, now() + %s * interval '1 hour', %s, %s, now(),"
    " now())"
)


def test_one_person_and_no_notice_lower_nothing_in_the_database(market, funded):
    with pytest.raises(SecondPersonNeeded):
        announce_reserve_reduction(actor=market.actor, amount_minor=4_000, reason=WHY)
    approval = Approval.objects.get(command=LOWER_RESERVE)
    second = market.second.identifier
    refused(REDUCTION, 4_000, WHY, 80, approval.pk, second, because="approved by no second person")
    approval.state, approval.ended_by, approval.ended_at = "approved", second, clock.now()
    approval.save()
    for amount, why, hours in ((4_001, WHY, 80), (4_000, "x", 80), (4_000, WHY, 71)):
        refused(REDUCTION, amount, why, hours, approval.pk, second, because="approved by no second person")
    refused(
        "UPDATE clearing_balance SET balance_minor = 0 WHERE account_id = (SELECT id FROM clearing_account"
        " WHERE kind = 'reserve' AND currency = 'JPY')",
        because="postings",
    )
    assert (ReserveReduction.objects.count(), reserve()) == (0, 10_000)


def test_two_people_lower_nothing_that_claims_need_in_the_database(market, sold):
    factories.fund_reserve(market, 700)
    with pytest.raises(SecondPersonNeeded):
        announce_reserve_reduction(actor=market.actor, amount_minor=700, reason=WHY)
    approval = Approval.objects.get(command=LOWER_RESERVE)
    approval.state, approval.ended_by, approval.ended_at = "approved", market.second.identifier, clock.now()
    approval.save()
    factories.adjust(market, sold, "seller", "buyer", 500)
    factories.clear(market)
    stated = (700, WHY, 80, approval.pk, market.second.identifier)
    refused(REDUCTION, *stated, because="takes what claims and other reductions need")
    assert ReserveReduction.objects.count() == 0


def test_a_reduction_that_nobody_approved_or_that_came_early_is_named(market, funded):
    announced = announce(market, 4_000)
    clock.move_to(announced.effective_from, running=False)
    lower_reserves()
    assert (Entry.objects.filter(kind="reserve_lowered").count(), broken()) == (1, {})
    for change in ("amount_minor = 4001", "effective_from = effective_from + interval '1 day'"):
        with unguarded("clearing_reservereduction"):
            run(f"UPDATE clearing_reservereduction SET {change}")
        assert NAMED in broken()


def test_the_reserve_is_lowered_over_the_api_and_everybody_reads_it(market, funded):
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))
    path, body = "/api/v1/reserve-reductions/", {"amount_minor": 4_000, "reason": WHY}
    assert buyer.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="r-0").status_code == 403
    asked = operator.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="r-1")
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    for wrong in ({"amount_minor": 0}, {"colour": 1}):
        answer = operator.post(path, body | wrong, format="json", HTTP_IDEMPOTENCY_KEY="r-2")
        assert answer.status_code == 422
    announce_reserve_reduction(actor=market.second, amount_minor=4_000, reason=WHY)
    for client in (buyer, operator):
        (shown,) = client.get(path).json()["results"]
        assert (shown["amount_minor"], shown["reason"], shown["lowered"]) == (4_000, WHY, False)
