"""Steps in chunks: each is committed alone, anybody goes on after it, and all comes out as in one piece."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from clearing.invoices.services import drafts, issuing, telling
from clearing.ledger.errors import PeriodUnbalanced
from clearing.ledger.queries import balances, client_money, kind_totals
from clearing.models import (
    Cycle,
    CyclePart,
    CycleStep,
    Entry,
    Invoice,
    LedgerPeriod,
    MonthlyStatement,
    NetPosition,
    SettlementInstruction,
    Shortfall,
    Trade,
)
from clearing.run.services import netting, posting
from clearing.run.services.cycles import advance_cycle, close_cycle, pause_cycle, resume_cycle
from clearing.settlement import planning
from clearing.settlement.operator_money import free_operator_money
from clearing.settlement.planning import unclaimed_minor
from clearing.statements.closing import close_ledger_period
from clearing.statements.services import make_statements
from clearing.trades.services.corrections import refund_trade
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from tests.participants.factories import client_of

from .. import factories
from ..raw import refused, run
from ..test_invariants import broken

NAMES = ("a", "b", "c", "d", "e")


def last_night() -> datetime:
    """A minute before the next month, in the market's zone."""
    return end_of_month(clock.today()) - timedelta(minutes=1)


def end_of_month(day: date) -> datetime:
    """When the month of a day ends, in the market's zone."""
    following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return datetime.combine(following, datetime.min.time(), clock.market_zone()).astimezone(UTC)


def make_chunks_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of two participants or documents, where production takes thousands."""
    monkeypatch.setattr(netting, "COVERS_A_CHUNK", 2)
    monkeypatch.setattr(netting, "POSITIONS_A_CHUNK", 2)
    monkeypatch.setattr(posting, "PARTICIPANTS_A_CHUNK", 2)
    monkeypatch.setattr(planning, "PARTICIPANTS_A_CHUNK", 2)
    monkeypatch.setattr(issuing, "INVOICES_A_STEP", 2)
    monkeypatch.setattr(drafts, "LINES_A_STEP", 2)
    monkeypatch.setattr(telling, "PARTICIPANTS_A_CHUNK", 2)


@pytest.fixture
def market(db) -> factories.Market:
    """A market of the test's own: the number of its operator comes just before those of the participants.

    Chunks follow the order of these numbers, and what stands between two of them depends on it.
    """
    return factories.market()


@pytest.fixture
def small_chunks(monkeypatch):
    make_chunks_small(monkeypatch)


def prepare(market: factories.Market) -> Cycle:
    """A closed cycle in which everybody sells to the next; some owe more than they get, and not all have money for it."""
    trades = [
        factories.accepted(
            market, buyer, seller, 10_000 * number, reference=f"PO-{number}", penalty_cap_minor=80_000
        )
        for number, (buyer, seller) in enumerate(zip(NAMES, NAMES[1:] + NAMES[:1], strict=True), start=1)
    ]
    factories.pay_in(market, "a", 90_000)
    factories.owe(market, trades[4], "penalty", "a", "e", 80_000)
    factories.owe(market, trades[1], "penalty", "c", "b", 70_000)
    factories.owe(market, trades[0], "penalty", "b", "a", 60_000)
    return close_cycle(actor=market.actor, currency="JPY")


def advance_elsewhere(cycle: Cycle) -> str:
    """One chunk, as another process does it that has read nothing yet; every invariant holds after it.

    A closing cycle waits for transactions of other tests on the same server that end just now.
    """
    netting._LAST_FORESEEN.clear()
    netting._LAST_TOTALS.clear()
    deadline = time.monotonic() + 60
    state = advance_cycle(cycle=cycle.public_id)
    while state is None and cycle.state == "closing" and time.monotonic() < deadline:
        time.sleep(0.02)
        state = advance_cycle(cycle=cycle.public_id)
    assert state is not None
    assert broken() == {}
    cycle.refresh_from_db()
    return state


def chunks_to(cycle: Cycle, state: str) -> list[str]:
    """The state after each chunk until ``state``."""
    states: list[str] = []
    while state not in states:
        states.append(advance_elsewhere(cycle))
    return states


class _Undone(Exception):
    """Takes a scenario back."""


def outcome(market: factories.Market, take: Callable[[Cycle], object]) -> dict[str, Any]:
    """What ``take`` makes of the cycle, which it takes to its payments; everything is taken back."""
    try:
        with transaction.atomic():
            cycle = prepare(market)
            take(cycle)
            cycle.refresh_from_db()
            netted = EvidenceRecord.objects.get(kind="clearing.cycle_netted").payload
            payments = SettlementInstruction.objects.filter(cycle=cycle).order_by("sequence")
            found = {
                "hashes": (cycle.input_hash, cycle.output_hash, cycle.merkle_root),
                "figures": (cycle.gross_minor, cycle.net_minor, cycle.payments_before, cycle.payments_after),
                "balances": {name: balances(market.party(name).pk) for name in NAMES},
                "kinds": kind_totals("JPY"),
                "shortfall": {
                    name: netted[name] for name in netted if name.endswith(("_minor", "deferrals"))
                },
                "shortfalls": sorted(
                    Shortfall.objects.values_list("organisation", "missing_minor", "awaited_minor")
                ),
                "payments": list(
                    payments.values_list("sequence", "organisation", "direction", "amount_minor")
                ),
                "invoices": list(
                    Invoice.objects.order_by("number").values_list(
                        "number", "purpose", "recipient", "total_minor"
                    )
                ),
                "told": sorted(
                    OutboxEvent.objects.filter(type="invoices.issued").values_list("subject", flat=True)
                ),
            }
            raise _Undone
    except _Undone:
        return found


def test_chunks_by_many_processes_come_to_the_same_as_one_piece(market, monkeypatch):
    for name in NAMES:
        market.party(name)
    whole = outcome(market, lambda cycle: factories.advance_to(cycle, "settling"))
    assert len(whole["shortfalls"]) == 2
    assert (len(whole["invoices"]), len(whole["told"])) == (10, 5)
    make_chunks_small(monkeypatch)
    states: list[str] = []
    chunked = outcome(market, lambda cycle: states.extend(chunks_to(cycle, "settling")))
    assert chunked == whole
    assert {state: states.count(state) for state in states} == {
        "validated": 4,
        "netted": 4,
        "posted": 14,
        "settling": 1,
    }


def test_progress_tells_how_far_a_step_has_come(market, small_chunks):
    cycle = prepare(market)
    client = client_of(market.operator)
    percentages, parts = [], {}
    while cycle.state != "settling":
        advance_elsewhere(cycle)
        shown = client.get(f"/api/v1/cycles/{cycle.public_id}/progress/").json()
        percentages.append(shown["percentage"])
        for part in shown["parts"]:
            parts.setdefault(part["part"], []).append((part["done"], part["total"]))
    assert percentages == sorted(percentages)
    assert parts["positions"] == [(2, 6), (4, 6)]
    assert parts["entries"] == [(2, 6), (4, 6), (6, 6)]
    assert parts["payments"][:4] == [(2, 6), (4, 6), (6, 6), (6, 6)]
    assert parts["sales"][:3] == [(2, 5), (4, 5), (5, 5)]
    assert parts["told"] == [(2, 6), (4, 6), (6, 6)]
    assert shown["parts"] == []


def test_positions_are_seen_when_the_last_of_them_is_written(market, small_chunks):
    cycle = prepare(market)
    factories.advance_to(cycle, "validated")
    while NetPosition.objects.count() < 4:
        advance_elsewhere(cycle)
    client = client_of(market.operator)
    assert client.get("/api/v1/positions/").json()["results"] == []
    chunks_to(cycle, "netted")
    assert len(client.get("/api/v1/positions/").json()["results"]) == 6


def test_a_cycle_that_is_half_posted_is_not_posted(market, small_chunks):
    cycle = prepare(market)
    factories.advance_to(cycle, "netted")
    advance_elsewhere(cycle)
    assert (cycle.state, cycle.posted_at) == ("netted", None)
    # Of a chunk of two participants; the operator's own entry comes last.
    assert Entry.objects.filter(cycle=cycle, kind="cycle").count() in {1, 2}
    assert not Entry.objects.filter(cycle=cycle, kind="cycle", organisation=market.operator).exists()
    assert kind_totals("JPY")["settlement"] != 0
    money = client_money("JPY")
    assert money.bank_minor == money.owed_minor + money.operator_minor
    assert {unclaimed_minor(market.party(name).pk, "JPY") for name in NAMES} == {0}
    chunks_to(cycle, "posted")
    assert kind_totals("JPY")["settlement"] == 0


def names_by_key(market: factories.Market) -> list[str]:
    """Three participants or more in the order in which their entries are posted; the last comes after the operator."""
    keys: dict[str, str] = {}
    while len(keys) < 3 or max(keys) < market.operator.corporate_number:
        name = f"participant {len(keys)}"
        keys[market.party(name).corporate_number] = name
    return [keys[key] for key in sorted(keys)]


def put_a_fee_off(market: factories.Market, sold: Trade, buyer: str, short: str) -> None:
    """A sale of 1,100 of which all goes back at once, for another sale: its fee of 110 is put off."""
    factories.accepted(market, buyer, short, 1_000)
    factories.adjust(market, sold, short, buyer, 1_000)


def free_while_posted(market: factories.Market) -> list[int]:
    """The operator's money that nothing needs yet after each participant whose entry is posted."""
    cycle = factories.advance_to(close_cycle(actor=market.actor, currency="JPY"), "netted")
    assert NetPosition.objects.get(cycle=cycle, organisation=market.operator).deferred_minor == -110
    free = []
    while cycle.state == "netted":
        advance_elsewhere(cycle)
        free.append(free_operator_money("JPY"))
    return free


@pytest.mark.parametrize("place", [0, -1])
def test_fees_are_in_the_operator_s_money_before_those_put_off_are_taken_from_it(market, monkeypatch, place):
    """All that the operator earned before was paid out to it, so nothing of it covers a fee that nobody has paid."""
    monkeypatch.setattr(posting, "PARTICIPANTS_A_CHUNK", 1)
    names = names_by_key(market)
    short, buyer = names[place], names[1]
    sold = factories.accepted(market, buyer, short, 10_000)
    factories.settle(market, factories.clear(market))
    put_a_fee_off(market, sold, buyer, short)
    free = free_while_posted(market)
    assert (len(free), max(free), free[-1]) == (4, 0, 0)


@pytest.mark.parametrize("place", [0, -1])
def test_refunded_fees_leave_the_operator_s_money_beside_those_put_off(market, monkeypatch, place):
    """Its own money covers the refund of 550 exactly, whoever is posted first."""
    monkeypatch.setattr(posting, "PARTICIPANTS_A_CHUNK", 1)
    names = names_by_key(market)
    short, refunded, buyer = names[place], names[-1 - place], names[1]
    sold = [factories.accepted(market, buyer, seller, 10_000) for seller in (refunded, short)]
    factories.settle(market, factories.clear(market))
    factories.pay_own_money(market, 550)
    factories.pay_in(market, refunded, 11_000)
    refund_trade(actor=market.actor, trade=sold[0].public_id, amount_minor=None, reason="瑕疵")
    put_a_fee_off(market, sold[1], buyer, short)
    free = free_while_posted(market)
    assert (len(free), max(free), free[-1]) == (5, 0, 0)


def test_payments_half_planned_are_not_due_twice(market, small_chunks):
    cycle = prepare(market)
    factories.advance_to(cycle, "posted")
    while not SettlementInstruction.objects.filter(cycle=cycle).exists():
        advance_elsewhere(cycle)
    assert cycle.state == "posted"
    assert {unclaimed_minor(market.party(name).pk, "JPY") for name in NAMES} == {0}
    chunks_to(cycle, "settling")
    sequences = SettlementInstruction.objects.filter(cycle=cycle).order_by("sequence")
    assert list(sequences.values_list("sequence", flat=True)) == list(range(1, sequences.count() + 1))


def test_a_chunk_of_documents_that_was_cut_off_is_done_again_and_nothing_twice(market, small_chunks):
    cycle = prepare(market)
    factories.advance_to(cycle, "posted")
    while cycle.state == "posted":
        before = (Invoice.objects.count(), list(CyclePart.objects.order_by("pk").values()))
        with pytest.raises(_Undone), transaction.atomic():
            advance_cycle(cycle=cycle.public_id)
            raise _Undone
        assert (Invoice.objects.count(), list(CyclePart.objects.order_by("pk").values())) == before
        advance_elsewhere(cycle)
    found = Invoice.objects.values_list("obligation", "purpose", "recipient")
    assert (found.count(), found.distinct().count()) == (10, 10)
    told = OutboxEvent.objects.filter(type="invoices.issued").values_list("subject", flat=True)
    assert sorted(told) == sorted(market.party(name).public_id for name in NAMES)


def test_a_worker_that_was_overtaken_issues_nothing(market, small_chunks):
    cycle = prepare(market)
    factories.advance_to(cycle, "posted")
    while issuing.next_batch(cycle).part is not None:
        late = issuing.next_batch(cycle)
        assert issuing.issue_invoices(cycle) > 0
        issued = Invoice.objects.count()
        assert issuing.issue_invoices(cycle, late) == 0
        assert Invoice.objects.count() == issued
    late = issuing.next_batch(cycle)
    assert issuing.issue_invoices(cycle) == 0
    assert issuing.all_issued(cycle)
    assert issuing.issue_invoices(cycle, late) == 0


def test_a_cycle_posted_over_midnight_belongs_to_one_month(market, small_chunks):
    night, month = last_night(), clock.today().replace(day=1)
    clock.move_to(night, running=False)
    cycle = prepare(market)
    factories.advance_to(cycle, "netted")
    advance_elsewhere(cycle)
    # Past the first business day, on which statements are due.
    clock.move_to(night + timedelta(days=8), running=False)
    assert make_statements(actor=market.actor) == 0
    with pytest.raises(PeriodUnbalanced, match="JPY"):
        factories.by_two(market, close_ledger_period, month=month)
    assert (LedgerPeriod.objects.count(), MonthlyStatement.objects.count()) == (0, 0)
    chunks_to(cycle, "posted")
    entries = Entry.objects.filter(cycle=cycle, kind="cycle")
    assert set(entries.values_list("business_date", "booked_at")) == {(clock.business_date(night), night)}
    assert cycle.posted_at == night
    factories.by_two(market, close_ledger_period, month=month)
    assert make_statements(actor=market.actor) >= len(NAMES)
    assert broken() == {}


def test_a_pause_between_two_chunks_keeps_what_is_done(market, small_chunks):
    cycle = prepare(market)
    factories.advance_to(cycle, "netted")
    advance_elsewhere(cycle)
    pause_cycle(actor=market.actor, cycle=cycle.public_id, reason="audit")
    assert advance_cycle(cycle=cycle.public_id) is None
    assert CyclePart.objects.get(cycle=cycle, part="entries").done == 2
    resume_cycle(actor=market.second, cycle=cycle.public_id, reason="done")
    chunks_to(cycle, "posted")
    assert CyclePart.objects.get(cycle=cycle, part="entries").done == 6


def test_a_step_lasts_from_its_first_chunk_on(market, small_chunks):
    cycle = prepare(market)
    factories.advance_to(cycle, "posted")
    part = CyclePart.objects.get(cycle=cycle, part="entries")
    step = CycleStep.objects.get(cycle=cycle, state="posted")
    assert step.began_at <= part.began_at < part.ended_at <= step.ended_at


def test_a_cycle_leaves_a_step_only_after_its_last_chunk(market, small_chunks):
    cycle = prepare(market)
    factories.advance_to(cycle, "netted")
    posted = "UPDATE clearing_cycle SET state = 'posted', posted_at = now() WHERE id = %s"
    refused(posted, cycle.pk, because="its entries are not all done")
    advance_elsewhere(cycle)
    refused(posted, cycle.pk, because="its entries are not all done")
    refused(
        "INSERT INTO clearing_ledgerperiod (public_id, month, entries, trial_balances, sha256, closed_by, closed_at)"
        " VALUES ('per_x', '2020-01-01', 1, '{\"JPY\": [{\"kind\": \"settlement\", \"balance_minor\": 5}]}', '', 'x', now())",
        because="a cycle is being posted",
    )
    chunks_to(cycle, "posted")
    refused(
        "UPDATE clearing_cycle SET state = 'settling' WHERE id = %s", cycle.pk, because="payments are not all"
    )
    settling = "UPDATE clearing_cycle SET state = 'settling' WHERE id = %s"
    while not CyclePart.objects.filter(cycle=cycle, part="payments", ended_at__isnull=False).exists():
        advance_elsewhere(cycle)
    refused(settling, cycle.pk, because="its sales are not all done")
    while not CyclePart.objects.filter(cycle=cycle, part="told").exists():
        advance_elsewhere(cycle)
    refused(settling, cycle.pk, because="its told are not all done")
    assert cycle.state == "posted"


def test_a_part_goes_forward_only(market, small_chunks):
    cycle = prepare(market)
    factories.advance_to(cycle, "netted")
    advance_elsewhere(cycle)
    (before,) = CyclePart.objects.filter(part="entries").values()
    change = "UPDATE clearing_cyclepart SET {} WHERE part = '{}'".format
    refused(change("done = 1", "entries"), because="only goes forward")
    refused(change("done = 7", "entries"), because="cycle_part_done")
    refused(change("ended_at = now()", "entries"), because="cycle_part_done")
    refused(change("ended_at = '2020-01-01', done = 6", "entries"), because="cycle_part_times")
    refused(change("total = 9", "entries"), because="cannot be changed")
    refused(change("reached = 'x'", "positions"), because="not after its end")
    refused("DELETE FROM clearing_cyclepart", because="are kept")
    again = "INSERT INTO clearing_cyclepart (cycle_id, part, done, reached, began_at, booked_at)"
    refused(f"{again} VALUES (%s, 'entries', 0, '', now(), now())", cycle.pk, because="cycle_part_once")
    assert CyclePart.objects.filter(part="entries").values().get() == before
    run(change("done = 3", "entries"))
    assert list(broken()) == ["clearing.parts_go_forward"]


def test_a_part_that_counts_documents_that_are_not_there_is_named(market, small_chunks):
    cycle = prepare(market)
    factories.advance_to(cycle, "posted")
    while not CyclePart.objects.filter(cycle=cycle, part="sales").exists():
        advance_elsewhere(cycle)
    run("UPDATE clearing_cyclepart SET done = done + 1 WHERE part = 'sales'")
    assert list(broken()) == ["clearing.parts_go_forward"]
