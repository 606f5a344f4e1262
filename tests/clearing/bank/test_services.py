"""Statements of the bank: imported whole or not at all, once, and recognised by references alone."""

from __future__ import annotations

import pytest

from clearing.bank.errors import NotUnallocated
from clearing.bank.pay_in_reference import pay_in_reference_of
from clearing.bank.queries import pay_in_reference
from clearing.bank.services import allocate_pay_in
from clearing.bank.uploads import receive_statement
from clearing.ledger.queries import client_money
from clearing.models import BankEntry, BankStatement, Entry
from clearing.settlement.services.transfer_files import create_transfer_file
from fixtures.day.bank import StatementNotImported
from marketplace.events.models import OutboxEvent
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden

from .. import factories
from ..carrying_in import codes_of

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


def counts() -> tuple[int, int, int, int]:
    payments = OutboxEvent.objects.filter(type="payment.received").count()
    return BankStatement.objects.count(), BankEntry.objects.count(), Entry.objects.count(), payments


def reference(market: factories.Market, name: str) -> str:
    return pay_in_reference(organisation=market.party(name).public_id)


def test_a_receipt_is_credited_to_whom_its_reference_names(market):
    made = factories.receive(
        market, [factories.booking("credit", 5_000, f"ﾌﾘｺﾐ {reference(market, 'buyer')} ﾐﾅﾄ")]
    )
    assert (made.lines, made.added, counts()) == (1, 1, (1, 1, 1, 1))
    assert factories.available(market, "buyer") == 5_000
    (event,) = OutboxEvent.objects.filter(type="payment.received")
    assert (event.data["organisation"], event.data["amount_minor"]) == (
        market.party("buyer").public_id,
        5_000,
    )


def test_a_reference_is_read_in_full_width_and_from_the_payer_s_name(market):
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in reference(market, "buyer").lower())
    row = list(factories.booking("credit", 100, ""))
    row[5] = f"{wide} ミナト"
    factories.receive(market, [tuple(row)])
    assert factories.available(market, "buyer") == 100


def test_the_same_file_again_changes_nothing(market):
    content = factories.statement([factories.booking("credit", 5_000, reference(market, "buyer"))])
    first = factories.carry_in(market.actor, market.second, content, file_name="a.csv")
    before = counts()
    assert factories.carry_in(market.actor, market.second, content, file_name="b.csv") == first
    assert (counts(), factories.available(market, "buyer")) == (before, 5_000)


def test_a_booking_known_already_is_passed_over_in_a_longer_file(market):
    first = factories.booking("credit", 5_000, reference(market, "buyer"))
    second = factories.booking("credit", 70, reference(market, "buyer"))
    factories.receive(market, [first])
    made = factories.receive(market, [first, second], opening_minor=0)
    assert (made.lines, made.added, factories.available(market, "buyer")) == (2, 1, 5_070)
    assert (made.opening_balance_minor, made.closing_balance_minor) == (5_000, 5_070)


def test_a_booking_that_reads_otherwise_now_refuses_the_whole_file(market):
    row = factories.booking("credit", 5_000, reference(market, "buyer"), reference="B-X")
    factories.receive(market, [row])
    before = counts()
    changed = factories.booking("credit", 6_000, reference(market, "buyer"), reference="B-X")
    rows = [factories.booking("credit", 1, reference(market, "other")), changed]
    with pytest.raises(StatementNotImported) as refused:
        factories.receive(market, rows, opening_minor=0)
    assert codes_of(refused.value) == [(5, "content", "bank_entry_changed")]
    assert (counts(), factories.available(market, "other")) == (before, 0)


def test_one_bad_line_refuses_the_whole_file_by_name(market):
    rows = [
        factories.booking("credit", 5_000, reference(market, "buyer")),
        ("X-2", "2026-13-01", "credit", 5, "JPY", "", ""),
    ]
    before = counts()
    with pytest.raises(StatementNotImported) as refused:
        factories.receive(market, rows)
    assert codes_of(refused.value) == [(5, "booked_on", "field_invalid")]
    foreign = list(factories.booking("credit", 5_000, reference(market, "buyer")))
    foreign[4] = "EUR"
    with pytest.raises(StatementNotImported) as refused:
        factories.receive(market, [tuple(foreign)])
    assert codes_of(refused.value) == [(4, "currency", "field_invalid")]
    assert (counts(), factories.available(market, "buyer")) == (before, 0)


def test_only_the_operator_imports(market):
    before = counts()
    with pytest.raises(Forbidden):
        receive_statement(actor=PARTICIPANT, content=factories.statement([]), file_name="a.csv")
    assert counts() == before


def test_a_statement_without_bookings_is_a_statement(market):
    assert (factories.receive(market, []).lines, BankEntry.objects.count()) == (0, 0)


def test_what_is_not_recognised_waits_in_suspense(market):
    unknown = pay_in_reference_of(99_999_999)
    both = f"{reference(market, 'buyer')} {reference(market, 'other')}"
    texts = ["rent", unknown, both, "JPY00001-000009"]
    factories.receive(market, [factories.booking("credit", 10 + at, text) for at, text in enumerate(texts)])
    found = BankEntry.objects.order_by("pk").values_list("match", "mismatch_code")
    assert list(found) == [
        ("unallocated", "no_reference"),
        ("unallocated", "unknown_reference"),
        ("unallocated", "several_references"),
        ("unallocated", "unknown_reference"),
    ]
    assert factories.in_suspense().count() == 4
    money = client_money("JPY")
    assert (money.bank_minor, money.owed_minor) == (46, 46)


def test_the_operator_says_whose_a_receipt_is_once(market):
    trade = factories.conclude(market, "buyer", "seller", 1_000)
    factories.receive(market, [factories.booking("credit", 1_100, "no reference")])
    entry = BankEntry.objects.get()
    with pytest.raises(Forbidden):
        allocate_pay_in(actor=PARTICIPANT, bank_entry=entry.public_id, organisation="org_1")
    with pytest.raises(FieldInvalid):
        allocate_pay_in(
            actor=market.actor, bank_entry=entry.public_id, organisation=market.operator.public_id
        )
    buyer = market.party("buyer").public_id
    allocate_pay_in(actor=market.actor, bank_entry=entry.public_id, organisation=buyer)
    trade.refresh_from_db()
    assert (trade.state, factories.in_suspense().count()) == ("secured", 0)
    before = counts()
    with pytest.raises(NotUnallocated):
        allocate_pay_in(actor=market.actor, bank_entry=entry.public_id, organisation=buyer)
    assert counts() == before


def test_the_application_may_allocate_a_pay_in(market):
    """It may not lock a bank entry, which is append-only."""
    factories.receive(market, [factories.booking("credit", 1_100, "no reference")])
    entry = BankEntry.objects.get()
    buyer = market.party("buyer").public_id
    allocate_pay_in(actor=market.actor, bank_entry=entry.public_id, organisation=buyer)
    assert (factories.in_suspense().count(), factories.available(market, "buyer")) == (0, 1_100)


def test_a_recognised_receipt_cannot_be_allocated_elsewhere(market):
    factories.pay_in(market, "buyer", 500)
    with pytest.raises(NotUnallocated):
        allocate_pay_in(
            actor=market.actor,
            bank_entry=BankEntry.objects.get().public_id,
            organisation=market.party("other").public_id,
        )
    assert (factories.available(market, "buyer"), factories.available(market, "other")) == (500, 0)


def test_a_debit_confirms_its_payment_by_reference_and_amount(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    payout, sweep = factories.instructions(cycle)
    factories.receive(
        market,
        [
            factories.booking("debit", payout.amount_minor - 1, payout.reference),
            factories.booking("debit", payout.amount_minor, f"振込 {payout.reference.lower()}"),
        ],
    )
    states = [row.state for row in factories.instructions(cycle)]
    assert states == ["confirmed", "sending"]
    assert list(BankEntry.objects.order_by("pk").values_list("match", "mismatch_code"))[-2:] == [
        ("unallocated", "amount_differs"),
        ("settlement", ""),
    ]
    assert sweep.amount_minor == 550


def test_a_payment_booked_twice_is_seen_once_and_shown(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.pay_in(market, "buyer", 50_000)
    cycle = factories.clear(market)
    payout = factories.instructions(cycle)[0]
    rows = [factories.booking("debit", payout.amount_minor, payout.reference) for _ in range(2)]
    factories.receive(market, rows)
    found = BankEntry.objects.filter(direction="debit").order_by("pk").values_list("match", "mismatch_code")
    assert list(found) == [("settlement", ""), ("unallocated", "not_expected")]
    assert factories.balance(market, "seller", "receivable") == 0
