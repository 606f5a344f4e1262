"""What is final for a participant at a moment, told so that an insolvency administrator can rely on it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clearing.models import Cycle
from clearing.reports.finality import finality, stage_at
from marketplace.kernel import clock
from marketplace.participants.queries import get_organisation
from tests.standing import FIRST_DAY, made_once

from .. import factories

NOON = datetime(2026, 12, 7, 3, tzinfo=UTC)


@made_once
def market() -> factories.Market:
    """A market that can clear yen, on the first day of the tests' calendar."""
    clock.move_to(FIRST_DAY)
    return factories.market()


def at(hour: int) -> datetime:
    """``hour`` hours after the scenario begins."""
    return NOON + timedelta(hours=hour)


def move(hour: int) -> None:
    clock.move_to(at(hour), running=False)


@made_once
def seller(market):
    """A seller whose trade was secured at 1, accepted at 2, netted at 4, posted at 5 and paid out at 6; one more is held."""
    move(0)
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    held = factories.conclude(market, "buyer", "seller", 500)
    move(1)
    factories.pay_in(market, "buyer", 11_550)
    move(2)
    factories.accept(trade)
    move(3)
    cycle = factories.clear(market, "validated")
    move(4)
    factories.advance_to(cycle, "netted")
    move(5)
    factories.advance_to(cycle, "settling")
    move(6)
    factories.settle(market, cycle)
    held.refresh_from_db()
    assert (cycle.state, held.state) == ("settled", "secured")
    return get_organisation(market.party("seller").public_id)


def stages(view, hour: int) -> list[tuple[str, str, str]]:
    found = finality(organisation=view, at=at(hour))
    return [(row["kind"], row["side"], row["stage"]) for row in found.obligations]


def test_nothing_is_owed_before_acceptance(seller):
    assert stages(seller, 1) == []
    found = finality(organisation=seller, at=at(1))
    assert [(row["side"], row["held_minor"]) for row in found.held] == [("seller", 11_000), ("seller", 550)]


def test_between_acceptance_and_netting_claims_are_gross(seller):
    for hour in (2, 3):
        assert stages(seller, hour) == [("fee", "owes", "gross"), ("purchase", "is_owed", "gross")]
    found = finality(organisation=seller, at=at(3))
    assert [row["final_at"] for row in found.obligations] == [None, None]
    assert found.totals() == [
        {"currency": "JPY", "stage": "gross", "count": 2, "owes_minor": 500, "is_owed_minor": 11_000}
    ]


def test_netting_is_final_though_nothing_is_posted(seller):
    assert stages(seller, 4) == [("fee", "owes", "taken_over"), ("purchase", "is_owed", "taken_over")]
    found = finality(organisation=seller, at=at(4))
    assert {row["final_at"] for row in found.obligations} == {at(4).isoformat()}


def test_what_it_owes_is_discharged_by_posting_what_it_is_owed_by_payment(seller):
    assert stages(seller, 5) == [("fee", "owes", "discharged"), ("purchase", "is_owed", "taken_over")]
    found = finality(organisation=seller, at=at(5))
    assert [(row["amount_minor"], row["confirmed_at"]) for row in found.payments] == [(10_450, None)]
    assert found.balances["JPY"]["receivable"] == 10_450
    assert stages(seller, 6) == [("fee", "owes", "discharged"), ("purchase", "is_owed", "discharged")]
    assert finality(organisation=seller, at=at(6)).balances["JPY"]["receivable"] == 0


def test_a_payment_that_came_back_discharges_nothing(market, seller):
    move(8)
    (instruction,) = (
        row for row in factories.instructions(Cycle.objects.get(number=1)) if row.organisation_id == seller.id
    )
    factories.receive(market, [factories.booking("credit", instruction.amount_minor, instruction.reference)])
    assert stages(seller, 7) == [("fee", "owes", "discharged"), ("purchase", "is_owed", "discharged")]
    assert stages(seller, 8) == [("fee", "owes", "discharged"), ("purchase", "is_owed", "taken_over")]


def test_a_buyer_is_released_at_netting_and_keeps_what_is_held(market, seller):
    buyer = get_organisation(market.party("buyer").public_id)
    assert stages(buyer, 3) == [("purchase", "owes", "gross")]
    assert stages(buyer, 4) == [("purchase", "owes", "taken_over")]
    assert stages(buyer, 5) == [("purchase", "owes", "discharged")]
    found = finality(organisation=buyer, at=at(6))
    assert [(row["side"], row["held_minor"]) for row in found.held] == [("buyer", 550)]
    assert found.balances["JPY"]["held"] == 550


@pytest.mark.parametrize(
    ("netted", "discharged", "stage"),
    [
        (None, None, "gross"),
        (2, None, "gross"),
        (1, None, "taken_over"),
        (0, 2, "taken_over"),
        (0, 1, "discharged"),
    ],
)
def test_a_stage_follows_from_its_moments(netted, discharged, stage):
    moments = [None if hour is None else at(hour) for hour in (netted, discharged)]
    assert stage_at(netted_at=moments[0], discharged_at=moments[1], at=at(1)) == stage


def test_the_command_prints_the_stages_and_json(market, seller):
    out = StringIO()
    call_command("finality", seller.corporate_number, at(4).isoformat(), stdout=out)
    text = out.getvalue()
    final, discharged = text.index("FINAL: the operator owes"), text.index("FINAL AND DISCHARGED")
    assert final < text.index("purchase: is owed 11,000 JPY") < discharged
    assert "NOT FINAL: claims between the parties, before netting\n  nothing" in text
    out = StringIO()
    call_command("finality", seller.public_id, "2026-12-07T16:00:00", "--json", stdout=out)
    assert json.loads(out.getvalue())["at"] == "2026-12-07T16:00:00+09:00"


@pytest.mark.parametrize("arguments", [("org_nobody", "2026-12-07"), ("123", "2026-12-07"), ("7", "noon")])
def test_the_command_says_what_it_does_not_know(market, arguments):
    with pytest.raises(CommandError):
        call_command("finality", *arguments)
