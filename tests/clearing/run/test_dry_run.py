"""A dry run says what the real one will say, and leaves no trace."""

from __future__ import annotations

import pytest
from django.db import InternalError, connection, transaction

from clearing.models import Cycle, NetPosition, Obligation, SettlementInstruction
from clearing.run.services.dry_run import dry_run_cycle, read_only_snapshot
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Forbidden, Missing
from tests.clearing.relaying import relay_events
from tests.participants.factories import client_of
from tests.roles import as_owner, unguarded
from tests.rules.factories import publish as publish_rulebook

from .. import factories
from ..trades.test_fee_rebates import TIERED

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


@pytest.fixture
def market(committed_database):
    return factories.market()


def fingerprints() -> dict[str, str]:
    """The content of every table, and where every sequence stands."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(t::text, ';' ORDER BY t::text), '')) FROM \"{table}\" t"
            )
            found[table] = cursor.fetchone()[0]
        cursor.execute("SELECT sequencename, coalesce(last_value, 0)::text FROM pg_sequences")
        return found | dict(cursor.fetchall())


def trading(market) -> None:
    factories.accepted(market, "a", "b", 10_005)
    factories.accepted(market, "b", "c", 777)
    trade = factories.accepted(market, "c", "a", 5_000)
    factories.adjust(market, trade, "a", "c", 100)


def test_a_dry_run_comes_out_as_the_real_one(market):
    trading(market)
    run = dry_run_cycle(actor=market.actor, cycle=market.cycle.public_id)
    cycle = factories.clear(market)
    assert (run.content.trades, run.content.totals.obligations, run.content.faults) == (3, 7, {})
    assert run.content.digest.input_hash == cycle.input_hash
    assert (run.summary.gross_minor, run.summary.net_minor) == (cycle.gross_minor, cycle.net_minor)
    assert (run.payments_before, run.summary.payments_after) == (cycle.payments_before, cycle.payments_after)
    assert run.payments_planned == SettlementInstruction.objects.filter(cycle=cycle).count()
    nets = dict(NetPosition.objects.filter(cycle=cycle).values_list("organisation_id", "net_minor"))
    assert {row.organisation_id: row.net_minor for row in run.positions} == nets
    assert (run.creditors, run.debtors, run.even) == (
        sum(net > 0 for net in nets.values()),
        sum(net < 0 for net in nets.values()),
        sum(net == 0 for net in nets.values()),
    )
    assert [abs(row.net_minor) for row in run.positions] == sorted(map(abs, nets.values()), reverse=True)


def test_fees_that_will_come_back_are_foreseen(market):
    publish_rulebook(TIERED)
    for seller, price in (("a", 80_000), ("a", 120_000), ("b", 100_000), ("a", 50_000)):
        factories.accepted(market, "c", seller, price)
    open_run = dry_run_cycle(actor=market.actor, cycle=market.cycle.public_id)
    closing = factories.clear(market, "closing")
    run = dry_run_cycle(actor=market.actor, cycle=closing.public_id)
    assert run.summary == open_run.summary
    cycle = factories.advance_to(closing, "netted")
    assert Obligation.objects.filter(cycle=cycle, kind="fee_refund").count() == 3
    nets = dict(NetPosition.objects.filter(cycle=cycle).values_list("organisation_id", "net_minor"))
    assert {row.organisation_id: row.net_minor for row in run.positions} == nets
    assert (run.content.totals.obligations, run.payments_before) == (cycle.obligations, cycle.payments_before)
    again = dry_run_cycle(actor=market.actor, cycle=cycle.public_id)
    assert {row.organisation_id: row.net_minor for row in again.positions} == nets


@pytest.mark.parametrize("state", ["open", "validated", "settling"])
def test_a_dry_run_changes_nothing(market, state):
    trading(market)
    cycle = market.cycle if state == "open" else factories.clear(market, state)
    before = fingerprints()
    assert len(before) > 50
    run = dry_run_cycle(actor=market.actor, cycle=cycle.public_id)
    assert run.content.trades == 3
    assert fingerprints() == before


def test_the_database_refuses_to_write_in_a_dry_run(market):
    with pytest.raises(InternalError, match="read-only transaction"), read_only_snapshot():
        Cycle.objects.update(epoch=9)
    assert market.cycle.epoch == 0
    Cycle.objects.filter(pk=market.cycle.pk).update(epoch=1)
    assert market.cycle.epoch == 1


def test_a_dry_run_stands_on_a_transaction_of_its_own(market):
    with pytest.raises(RuntimeError), transaction.atomic():
        dry_run_cycle(actor=market.actor, cycle=market.cycle.public_id)


def test_a_shortfall_is_foreseen(market):
    """It owes 5,500 and sells for 990 net of fees; it has 300, and 990 of the last cycle are planned and not sent."""
    first = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    factories.accepted(market, "buyer", "seller", 1_000)
    factories.clear(market)
    factories.accepted(market, "buyer", "seller", 1_000)
    factories.adjust(market, first, "seller", "buyer", 5_000)
    factories.pay_in(market, "seller", 300)
    run = dry_run_cycle(actor=market.actor, cycle=market.cycle.public_id)
    (short,) = run.shortfalls
    assert short.organisation_id == market.party("seller").pk
    assert short.short_minor == 5_500 + 110 - 1_100
    assert (short.available_minor, short.planned_minor) == (300, 990)
    assert short.missing_minor == short.short_minor - 300 - 990


def test_what_is_unseen_or_at_fault_is_said(market):
    trading(market)
    relay_events()
    # A transaction of another database that ends while it is looked at counts as running, for a moment.
    runs = (dry_run_cycle(actor=market.actor, cycle=market.cycle.public_id) for _ in range(50))
    quiet = next(run for run in runs if run.events_unseen == 0)
    factories.conclude(market, "a", "b", 1_000)
    noisy = dry_run_cycle(actor=market.actor, cycle=market.cycle.public_id)
    assert (quiet.events_unseen, noisy.events_unseen > 0) == (0, True)
    with unguarded("clearing_obligation"), connection.cursor() as cursor:
        cursor.execute("UPDATE clearing_obligation SET amount_minor = 1 WHERE kind = 'purchase'")
    faulty = dry_run_cycle(actor=market.actor, cycle=market.cycle.public_id)
    assert faulty.content.faults == {"prices that differ from their trade or of trades not accepted": 3}
    assert market.cycle.state == "open"


def test_only_the_operator_runs_one(market):
    with pytest.raises(Forbidden):
        dry_run_cycle(actor=PARTICIPANT, cycle=market.cycle.public_id)
    with pytest.raises(Missing):
        dry_run_cycle(actor=market.actor, cycle="cyc_none")


def test_a_dry_run_over_http(market, api):
    trading(market)
    path = f"/api/v1/cycles/{market.cycle.public_id}/dry-run/"
    assert client_of(market.party("a")).post(path).status_code == 403
    assert api.post(path).status_code == 401
    operator = client_of(market.operator)
    answer = operator.post(path)
    shown = answer.json()
    assert (answer.status_code, shown["state"], shown["trades"], shown["faults"]) == (200, "open", 3, {})
    assert (
        shown["value_reduced_bp"]
        == (shown["gross_minor"] - shown["net_minor"]) * 10_000 // shown["gross_minor"]
    )
    assert {row["organisation"] for row in shown["positions"]} == {
        market.operator.public_id,
        *(market.party(name).public_id for name in "abc"),
    }
    assert sum(row["net_minor"] for row in shown["positions"]) == 0
    assert operator.post("/api/v1/cycles/cyc_none/dry-run/").status_code == 404
