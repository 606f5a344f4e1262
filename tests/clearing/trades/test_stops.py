"""After the last day of access that ends early no period is charged, whichever of the two is heard of first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from clearing import handlers
from clearing.ground.parameters import usage_days
from clearing.models import ChargeProgress, Trade
from clearing.run.services.sweeping import carry_out_deadlines
from marketplace.events.schemas.contracts import AgreementEnding, AgreementTerminated
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..factories import on_day, states
from ..raw import refused

PERIOD = 110
"""A period's price with its tax."""


@made_once
def market() -> factories.Market:
    on_day(2027, 1, 4)
    return factories.market()


@pytest.fixture
def first(market) -> Trade:
    """The first of three periods, which is paid and whose delivery is accepted; the buyer has the money for all."""
    factories.pay_in(market, "buyer", 3 * PERIOD)
    return factories.accept(factories.plan(market, "subscription", 100, charges=3))


def ending(trade: Trade, state: str, last_day: str = "2027-02-03", party: str = "buyer") -> None:
    event = AgreementEnding(
        ending="end_1",
        agreement=trade.agreement,
        buyer="org_b",
        seller="org_s",
        ground="convenience",
        party=party,
        state=state,
        last_day=last_day,
        access_until=clock.now().isoformat(),
    )
    for _ in range(2):
        handlers.on_agreement_ending(event, factories.envelope(event))


def carry_out(trade: Trade, reason_code: str = "convenience") -> None:
    """What clearing hears once the last day has passed: the agreement is terminated, and access has ended."""
    event = AgreementTerminated(
        agreement=trade.agreement, buyer="org_b", seller="org_s", reason_code=reason_code
    )
    handlers.on_agreement_terminated(event, factories.envelope(event))
    factories.ended(trade, "terminated")


def breaches() -> dict[str, list[dict]]:
    return {name: rows for name, rows in verify_all("clearing").items() if rows}


@pytest.mark.parametrize(
    ("party", "left"),
    [("buyer", ["accepted"] * 3), ("seller", ["accepted"] * 2), ("dropped", ["accepted"] * 3)],
)
def test_no_instalment_is_charged_after_the_last_day_of_a_notice_by_the_seller(market, party, left):
    factories.pay_in(market, "buyer", 3 * PERIOD)
    first = factories.accept(factories.plan(market, "instalment", 300, charges=3))
    on_day(2027, 1, 20)
    ending(first, "scheduled", "2027-02-28", party="buyer" if party == "buyer" else "seller")
    if party == "dropped":
        ending(first, "dropped", "2027-02-28", party="seller")
    on_day(2027, 2, 10)
    carry_out_deadlines()
    on_day(2027, 3, 1, 0)
    carry_out(first)
    on_day(2027, 6, 1)
    carry_out_deadlines()
    assert states(first.agreement) == left
    assert breaches() == {}


def test_the_period_after_the_last_day_is_not_charged(market, first):
    on_day(2027, 1, 20)
    ending(first, "scheduled")
    on_day(2027, 2, 4, 0)
    carry_out_deadlines()
    carry_out(first)
    assert (states(first.agreement), factories.available(market, "buyer")) == (["accepted"], 2 * PERIOD)
    on_day(2027, 3, 4)
    carry_out_deadlines()
    assert (states(first.agreement), factories.available(market, "buyer")) == (["accepted"], 2 * PERIOD)
    assert breaches() == {}


def test_a_period_that_an_early_end_cuts_is_paid_when_access_is_over(market, first):
    """What comes back of it is owed at the end: the price it comes from does not wait for the planned end of the period."""
    on_day(2027, 1, 10)
    ending(first, "scheduled", "2027-01-20")
    on_day(2027, 1, 21, 0)
    carry_out_deadlines()
    assert states(first.agreement) == ["secured"]
    carry_out(first)
    carry_out_deadlines()
    assert states(first.agreement) == ["accepted"]
    assert breaches() == {}


def test_a_metered_period_that_an_early_end_cuts_waits_for_late_records_of_use_alone(market):
    factories.pay_in(market, "buyer", 3 * PERIOD)
    cut = factories.accept(factories.plan(market, "metered", 100, charges=3))
    on_day(2027, 1, 10)
    ending(cut, "scheduled", "2027-01-20")
    on_day(2027, 1, 21, 0)
    carry_out(cut)
    carry_out_deadlines()
    assert states(cut.agreement) == ["secured"]
    clock.move_to(clock.now() + timedelta(days=usage_days()), running=False)
    carry_out_deadlines()
    assert (states(cut.agreement), factories.available(market, "buyer")) == (["accepted"], 3 * PERIOD)
    assert breaches() == {}


def test_a_period_that_falls_due_by_the_last_day_is_charged(market, first):
    on_day(2027, 1, 20)
    ending(first, "scheduled", "2027-02-04")
    on_day(2027, 2, 4)
    carry_out_deadlines()
    assert states(first.agreement) == ["accepted", "secured"]


def test_a_period_that_began_before_the_end_was_heard_of_is_returned(market, first):
    on_day(2027, 2, 4, 0)
    carry_out_deadlines()
    assert states(first.agreement) == ["accepted", "secured"]
    ending(first, "scheduled")
    carry_out(first)
    assert (states(first.agreement), factories.available(market, "buyer")) == (
        ["accepted", "refunded"],
        2 * PERIOD,
    )
    on_day(2027, 3, 4)
    carry_out_deadlines()
    assert states(first.agreement) == ["accepted", "refunded"]
    assert breaches() == {}


def test_what_is_dropped_charges_on(market, first):
    on_day(2027, 1, 20)
    ending(first, "scheduled")
    ending(first, "dropped")
    on_day(2027, 2, 4)
    carry_out_deadlines()
    assert states(first.agreement) == ["accepted", "secured"]


def test_a_proposal_that_another_end_overtook_resumes_nothing(market, first, monkeypatch):
    on_day(2027, 1, 20)
    ending(first, "scheduled")
    stops_after = ChargeProgress.objects.get().stops_after
    monkeypatch.setattr(handlers, "closes_at", lambda agreement: clock.now())
    ending(first, "dropped")
    assert (ChargeProgress.objects.get().stops_after, stops_after is None) == (stops_after, False)


def test_instalments_do_not_stop_with_access(market):
    factories.pay_in(market, "buyer", 3 * PERIOD)
    first = factories.accept(factories.plan(market, "instalment", 300, charges=3))
    ending(first, "scheduled", "2027-01-20")
    assert ChargeProgress.objects.get().stops_after is None


def test_a_charge_after_the_last_day_is_refused_and_named(market, first):
    on_day(2027, 1, 20)
    ending(first, "scheduled")
    on_day(2027, 2, 4)
    columns = ", ".join(
        field.column for field in Trade._meta.concrete_fields if field.name not in ("id", "gross_minor")
    )
    values = columns.replace("public_id", "'trd_raw'").replace("business_key", "'raw'")
    values = values.replace("state", "'concluded'").replace(" charge,", " 2,")
    for name in ("cycle_id", "leaf", "secured_at", "accepted_at", "ended_at", "received_at"):
        values = values.replace(f", {name}", ", NULL")
    made = f"INSERT INTO clearing_trade ({columns}) SELECT {values} FROM clearing_trade WHERE charge = 1"
    refused(made, because="due after the last day")
    ChargeProgress.objects.update(stops_after=None)
    carry_out_deadlines()
    moved = "UPDATE clearing_chargeprogress SET stops_after = '2027-02-03'"
    refused(moved, because="stop after the day")
    assert breaches() == {}
    with unguarded("clearing_chargeprogress"), connection.cursor() as cursor:
        cursor.execute(moved)
    (named,) = breaches()["clearing.nothing_charged_after_the_last_day"]
    assert (named["agreement"], named["charge"]) == (first.agreement, 2)
