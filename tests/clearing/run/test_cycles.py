"""Cycles: the cut-off, the steps, and hashes that mean the same everywhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from clearing import tasks
from clearing.cycles.errors import CycleFaulty, NoOpenCycle
from clearing.ledger.errors import InsufficientFunds
from clearing.models import (
    Cycle,
    CycleStep,
    Entry,
    Invoice,
    NetPosition,
    Obligation,
    Posting,
    SettlementInstruction,
    Trade,
)
from clearing.netting.proofs import cycle_root
from clearing.netting.queries import trade_proof
from clearing.netting.recomputation import Totals, changed_cycles
from clearing.run.queries import waiting_of_cycle
from clearing.run.services.cycles import (
    advance_cycle,
    advance_for_a_while,
    close_cycle,
    open_first_cycle,
)
from clearing.run.services.netting import _LAST_FORESEEN, _LAST_TOTALS
from clearing.run.services.steps import READ_AHEAD
from clearing.trades.lines import PAGE_LINES
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.merkle import hash_pages, leaf_hash
from tests.roles import unguarded

from .. import factories

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


def test_opening_again_returns_the_open_cycle(market):
    again = open_first_cycle(actor=market.actor, currency="JPY")
    assert again == market.cycle
    assert (again.number, again.business_key[:4], again.business_key[-5:]) == (1, "JPY-", "-0001")


@pytest.mark.parametrize("currency", ["jpy", "YENS", "円です", ""])
def test_a_currency_is_a_code(market, currency):
    with pytest.raises(FieldInvalid):
        open_first_cycle(actor=market.actor, currency=currency)
    assert Cycle.objects.count() == 1


def test_a_second_currency_has_cycles_of_its_own(market):
    dollars = open_first_cycle(actor=market.actor, currency="USD")
    assert (dollars.number, dollars.business_key[:4]) == (1, "USD-")
    assert market.cycle.currency == "JPY"


def test_closing_opens_the_next_cycle_in_the_same_breath(market):
    closed = close_cycle(actor=market.actor, currency="JPY")
    assert (closed.state, int(closed.barrier)) == ("closing", factories.current_transaction())
    assert (market.cycle.number, market.cycle.opened_at >= closed.closed_at) == (2, True)
    assert close_cycle(actor=market.actor, cycle=closed.public_id) == closed
    assert Cycle.objects.count() == 2


def test_only_the_operator_opens_and_closes(market):
    for call in (open_first_cycle, close_cycle):
        with pytest.raises(Forbidden):
            call(actor=PARTICIPANT, currency="JPY")
    with pytest.raises(Missing):
        close_cycle(actor=market.actor, cycle="cyc_none")
    with pytest.raises(NoOpenCycle):
        close_cycle(actor=market.actor, currency="USD")
    assert Cycle.objects.filter(state="open").count() == 1


def test_what_was_accepted_before_the_cut_off_belongs_in_the_cycle(market):
    early, late = (factories.conclude(market, "buyer", "seller", price) for price in (10_000, 20_000))
    factories.pay_in(market, "buyer", 33_000)
    closing = close_cycle(actor=market.actor, currency="JPY")
    barrier = int(closing.barrier)
    factories.accept(early, transaction=barrier - 1)
    factories.accept(late, transaction=barrier)
    cycles = dict(Obligation.objects.filter(kind="purchase").values_list("trade_id", "cycle__number"))
    assert cycles == {early.pk: 1, late.pk: 2}
    assert factories.advance_to(closing, "validated").trades == 1


def test_after_validation_nothing_enters_whenever_it_was_committed(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", 11_000)
    closing = factories.clear(market, "validated")
    factories.accept(trade, transaction=int(closing.barrier) - 1)
    assert Obligation.objects.values_list("cycle__number", flat=True).distinct().get() == 2


def test_validation_waits_for_events_of_before_the_barrier(market):
    closing = close_cycle(actor=market.actor, currency="JPY")
    with unguarded("events_outboxevent"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_outboxevent (public_id, type, version, subject, data, occurred_at, transaction)"
            " VALUES ('evt_old', 'delivery.accepted', 1, 'agr_1', '{}', now(), %s::text::xid8)",
            [int(closing.barrier) - 1],
        )
    assert advance_cycle(cycle=closing.public_id) is None
    closing.refresh_from_db()
    assert (closing.state, closing.input_hash) == ("closing", None)


def test_every_step_run_again_changes_nothing(market):
    factories.accepted(market, "a", "b", 10_000)
    factories.accepted(market, "b", "a", 7_000)
    cycle = close_cycle(actor=market.actor, currency="JPY")
    for state in ("validated", "netted", "posted", "settling"):
        stale = Cycle.objects.get(pk=cycle.pk)
        factories.advance_to(cycle, state)
        counts = [
            model.objects.count()
            for model in (
                NetPosition,
                Entry,
                Posting,
                Invoice,
                SettlementInstruction,
                EvidenceRecord,
                OutboxEvent,
            )
        ]
        locked = Cycle.objects.select_for_update().filter(pk=cycle.pk, epoch=stale.epoch).first()
        assert locked is None
        assert [
            model.objects.count()
            for model in (
                NetPosition,
                Entry,
                Posting,
                Invoice,
                SettlementInstruction,
                EvidenceRecord,
                OutboxEvent,
            )
        ] == counts
    assert advance_cycle(cycle=cycle.public_id) is None
    assert tasks.sweep() == 0
    assert changed_cycles() == []


def test_an_empty_cycle_comes_to_nothing_and_settles(market):
    cycle = factories.clear(market, "settled")
    assert (cycle.trades, cycle.gross_minor, cycle.net_minor) == (0, 0, 0)
    assert (Entry.objects.count(), SettlementInstruction.objects.count()) == (0, 0)
    assert market.cycle.number == 2


def test_each_step_leaves_one_record_and_one_event(market):
    factories.accepted(market, "a", "b", 10_000)
    factories.accepted(market, "a", "c", 10_000)
    cycle = factories.clear(market)
    kinds = (
        EvidenceRecord.objects.filter(subject=cycle.public_id).order_by("pk").values_list("kind", flat=True)
    )
    steps = ["opened", "closed", "validated", "netted", "posted", "settling"]
    assert list(kinds) == [f"clearing.cycle_{step}" for step in steps]
    events = OutboxEvent.objects.filter(type="cycle.moved", subject=cycle.public_id).order_by("pk")
    assert [event.data["state"] for event in events] == ["open", "closing", *steps[2:]]


def test_each_step_leaves_its_time(market):
    factories.accepted(market, "a", "b", 10_000)
    cycle = factories.clear(market)
    steps = CycleStep.objects.filter(cycle=cycle).order_by("epoch")
    assert [(step.epoch, step.state) for step in steps] == [
        (2, "validated"),
        (3, "netted"),
        (4, "posted"),
        (5, "settling"),
    ]
    assert cycle.closed_at <= cycle.netted_at <= cycle.posted_at


def test_positions_are_what_each_owes_and_is_owed(market):
    factories.accepted(market, "a", "b", 10_005)
    factories.accepted(market, "b", "a", 777)
    cycle = factories.clear(market, "netted")
    a, b = (NetPosition.objects.get(cycle=cycle, organisation=market.party(name)) for name in ("a", "b"))
    operator = NetPosition.objects.get(cycle=cycle, organisation=market.operator)
    assert (a.purchases_minor, a.purchase_tax_minor, a.sales_minor, a.sales_tax_minor) == (
        -10_005,
        -1_000,
        777,
        77,
    )
    assert (a.fees_minor, a.fee_tax_minor, b.fees_minor, b.fee_tax_minor) == (-100, -10, -500, -50)
    assert (operator.fees_minor, operator.fee_tax_minor, operator.net_minor) == (600, 60, 660)
    assert a.net_minor + b.net_minor + operator.net_minor == 0
    assert (cycle.payments_before, cycle.payments_after) == (4, 3)
    assert cycle.gross_minor == 11_005 + 854 + 660
    assert cycle.net_minor == b.net_minor + operator.net_minor


def test_tax_on_fees_is_rounded_once_a_participant_and_cycle(market):
    for _ in range(3):
        factories.accepted(market, "buyer", "seller", 2_100)
    cycle = factories.clear(market)
    position = NetPosition.objects.get(cycle=cycle, organisation=market.party("seller"))
    assert (position.fees_minor, position.fee_tax_minor) == (-315, -31)
    invoice = Invoice.objects.get(cycle=cycle, purpose="fee")
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor) == (315, 31, 346)
    assert [line["amount_minor"] for line in invoice.document["lines"]] == [105, 105, 105]


class _Undone(Exception):
    """Takes a scenario back."""


def cleared(market: factories.Market, order: list[int]) -> tuple[str | None, ...]:
    """Clear the same trades in another order of insertion, and take everything back: the hashes."""
    scenario = [("a", "b", 10_005), ("b", "c", 777), ("c", "a", 50_001), ("a", "c", 3)]
    try:
        with transaction.atomic():
            trades = {}
            for index in order:
                buyer, seller, price = scenario[index]
                trades[index] = factories.accepted(market, buyer, seller, price, reference=f"PO|{index}\\")
            factories.adjust(market, trades[0], "b", "a", 105)
            factories.adjust(market, trades[2], "a", "c", 5)
            cycle = factories.clear(market)
            assert changed_cycles() == []
            raise _Undone
    except _Undone:
        return (cycle.input_hash, cycle.output_hash, cycle.trades_root, cycle.merkle_root)


def test_hashes_do_not_depend_on_order_or_identifiers(market):
    for name in "abc":
        market.party(name)
    first = cleared(market, [0, 1, 2, 3])
    assert cleared(market, [3, 1, 0, 2]) == first
    assert len(set(first)) == 4
    assert cleared(market, [0, 1, 2]) != first


def test_a_proof_leads_from_a_trade_to_the_root(market):
    trades = [factories.accepted(market, "buyer", "seller", 1_000 + number) for number in range(5)]
    cycle = factories.clear(market)
    for trade in trades:
        proof = trade_proof(trade)
        leaves = [bytes.fromhex(leaf) for leaf in proof["page"]]
        leaves.insert(proof["index"], leaf_hash(proof["line"].encode()))
        assert (len(leaves), proof["path"]) == (proof["size"], [])
        assert hash_pages(b"".join(leaves), PAGE_LINES).hex() == proof["trades_root"] == cycle.trades_root
        assert cycle_root(proof["trades_root"], proof["positions_root"]) == cycle.merkle_root


def tampered(sql: str, *values: object) -> None:
    """Change what the database guards, as an owner who takes the guards off could."""
    with unguarded("clearing_trade", "clearing_obligation"), connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_a_price_that_is_not_as_agreed_is_not_validated(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = close_cycle(actor=market.actor, currency="JPY")
    tampered("UPDATE clearing_obligation SET amount_minor = 9999 WHERE kind = 'purchase'")
    with pytest.raises(CycleFaulty, match="1 prices that differ from their trade"):
        factories.advance_to(cycle, "validated")
    cycle.refresh_from_db()
    assert (cycle.state, cycle.input_hash) == ("closing", None)
    assert tasks.sweep() == 0
    clock.move_to(cycle.closed_at + timedelta(days=1), running=False)
    found = waiting_of_cycle(cycle)
    assert (found.reason.code, found.reason.waits_for) == ("cycle.step_overdue", "operator")


def test_changing_a_posted_cycle_is_noticed(market):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    tampered("UPDATE clearing_trade SET fee_payer = 'buyer' WHERE id = %s", trade.pk)
    (breach,) = changed_cycles()
    assert breach["differs"] == ["lines"]
    # The leaf hash is kept beside the row: written anew for the changed row, everything made from it differs.
    Trade.objects.filter(pk=trade.pk).update(state="accepted")
    (breach,) = changed_cycles()
    assert breach["differs"] == ["input_hash", "trades_root", "trades_blocks", "merkle_root"]


def test_posting_is_refused_where_released_money_is_missing(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "netted")
    with unguarded("clearing_balance"), connection.cursor() as cursor:
        cursor.execute("UPDATE clearing_balance SET balance_minor = -10999 WHERE balance_minor = -11000")
    with pytest.raises(InsufficientFunds):
        advance_cycle(cycle=cycle.public_id)
    cycle.refresh_from_db()
    assert (cycle.state, Entry.objects.filter(kind="cycle").count()) == ("netted", 0)


def test_the_task_takes_a_cycle_as_far_as_it_can_go(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "validated")
    assert tasks.advance(cycle.public_id) >= 3
    cycle.refresh_from_db()
    assert cycle.state == "settling"


def test_a_turn_ends_after_its_time_and_the_sweep_goes_on(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market, "validated")
    assert advance_for_a_while(cycle=cycle.public_id, seconds_max=0) == (1, True)
    cycle.refresh_from_db()
    assert cycle.state == "netted"
    assert tasks.sweep() >= 3
    cycle.refresh_from_db()
    assert cycle.state == "settling"


def test_what_was_read_ahead_of_a_step_that_another_took_counts_for_nothing(market, monkeypatch):
    factories.accepted(market, "buyer", "seller", 10_000)
    closing = factories.clear(market, "closing")
    read_ahead = READ_AHEAD["closing"]

    def overtaken(cycle: Cycle):
        ahead = read_ahead(cycle)
        monkeypatch.setitem(READ_AHEAD, "closing", read_ahead)
        assert advance_cycle(cycle=cycle.public_id) == "validated"
        return ahead

    monkeypatch.setitem(READ_AHEAD, "closing", overtaken)
    assert advance_cycle(cycle=closing.public_id) is None
    closing.refresh_from_db()
    assert (closing.state, CycleStep.objects.filter(cycle=closing, state="validated").count()) == (
        "validated",
        1,
    )


@pytest.mark.parametrize("kept", [True, False], ids=["the process that validated", "another process"])
def test_whoever_nets_a_cycle_comes_to_the_same(market, kept):
    factories.accepted(market, "buyer", "seller", 10_000)
    validated = factories.clear(market, "validated")
    key = (validated.pk, validated.input_hash)
    assert list(_LAST_TOTALS) == [key]
    nothing = Totals(owed=[], due=[], obligations=0, payments=0, made={})
    _LAST_FORESEEN.clear()
    if not kept:
        _LAST_TOTALS.clear()
        # What is kept under another hash is another cycle's, whatever its key.
        _LAST_TOTALS[validated.pk, "0" * 64] = nothing
    netted = factories.advance_to(validated, "netted")
    assert (netted.gross_minor, netted.payments_before) == (11_550, 2)
    assert changed_cycles() == []
