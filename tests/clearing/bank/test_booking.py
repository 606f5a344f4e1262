"""A statement is booked as sets, with the result of booking it line by line, and in a bounded number of statements."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import BigIntegerField, F, Sum
from django.db.models.functions import Cast
from django.test.utils import CaptureQueriesContext

from clearing.bank.pay_in_reference import pay_in_reference_of
from clearing.bank.queries import pay_in_reference
from clearing.ledger.accounts import accounts_of
from clearing.ledger.journal import Draft, Line, post
from clearing.ledger.states import EntryKind, LineKind
from clearing.models import Balance, BankEntry, Posting, SettlementInstruction
from clearing.settlement.services.transfer_files import create_transfer_file
from fixtures.day.bank import StatementNotImported
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.participants.services import suspend_participant

from .. import factories
from ..test_invariants import broken


def reference(market: factories.Market, name: str) -> str:
    return pay_in_reference(organisation=market.party(name).public_id)


@pytest.fixture
def rows(market) -> list[tuple[Any, ...]]:
    """A statement in which every kind of bank entry occurs, some decided by the lines before them.

    The seller owes a claim of 550 and is suspended; a cycle waits for a payment to another seller and for the sweep.
    """
    factories.fund_reserve(market, 1_000)
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.settle(market, factories.clear(market))
    suspend_participant(
        actor=market.actor, organisation=market.party("seller").public_id, reason_code="test", reason="試験"
    )
    factories.accepted(market, "buyer", "other", 20_000)
    cycle = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    payout, sweep = factories.instructions(cycle)
    own = pay_in_reference(organisation=market.operator.public_id)
    described = [
        ("credit", 5_000, reference(market, "buyer")),
        ("credit", 70, reference(market, "buyer")),
        ("credit", 300, reference(market, "seller")),
        ("credit", 300, reference(market, "seller")),
        ("credit", 40, reference(market, "seller")),
        ("credit", 900, own),
        ("credit", 11, "no reference"),
        ("debit", 10, "bank fee"),
        ("credit", 12, pay_in_reference_of(99_999_999)),
        ("credit", 13, f"{reference(market, 'buyer')} {reference(market, 'other')}"),
        ("debit", 1, payout.reference),
        ("debit", payout.amount_minor, payout.reference),
        ("credit", payout.amount_minor, f"組戻 {payout.reference}"),
        ("debit", sweep.amount_minor, sweep.reference),
        ("credit", payout.amount_minor, payout.reference),
        ("credit", 14, "JPY00001-000009"),
    ]
    return [factories.booking(*line) for line in described]


def outcome() -> dict[str, Any]:
    """Everything that an import writes, without times; bank entries by the bank's references."""
    named = dict(BankEntry.objects.values_list("public_id", "entry_reference"))
    known = re.compile("|".join(named) or "none")
    return {
        part: re.sub(known, lambda found: named.get(found[0], ""), repr(rows))
        if part in ("postings", "evidence")
        else rows
        for part, rows in _written().items()
    }


def _written() -> dict[str, Any]:
    return {
        "postings": list(
            Posting.objects.order_by("entry_id", "leg").values_list(
                "entry__kind", "entry__reference", "entry__description", "entry__organisation", "leg", "account",
                "amount_minor", "line",
            )
        ),
        "balances": dict(Balance.objects.values_list("account", "balance_minor")),
        "bank entries": list(
            BankEntry.objects.order_by("pk").values_list(
                "entry_reference", "direction", "amount_minor", "match", "mismatch_code", "organisation",
                "instruction__reference", "remittance_information",
            )
        ),
        "payments": list(
            SettlementInstruction.objects.order_by("pk").values_list("reference", "state", "failure_reason")
        ),
        "received": [
            tuple(row.values())
            for row in OutboxEvent.objects.filter(type="payment.received")
            .values(payer=F("subject"))
            .annotate(
                minor=Sum(Cast("data__amount_minor", BigIntegerField())),
                receipts=Sum(Cast("data__receipts", BigIntegerField())),
            )
            .order_by("payer")
        ],
        "events": list(
            OutboxEvent.objects.filter(type__startswith="payment.")
            .exclude(type="payment.received")
            .order_by("pk")
            .values_list("type", "data")
        ),
        "evidence": list(
            EvidenceRecord.objects.exclude(kind__startswith="clearing.statement_")
            .order_by("pk")
            .values_list("kind", "subject", "actor", "payload")
        ),
    }  # fmt: skip


def test_a_statement_comes_to_what_its_lines_come_to_one_by_one(market, rows):
    begun = transaction.savepoint()
    for row in rows:
        factories.receive(market, [row])
    one_by_one = outcome()
    transaction.savepoint_rollback(begun)
    before = outcome()

    factories.receive(market, rows)

    at_once = outcome()
    assert at_once == one_by_one
    assert len(at_once["bank entries"]) - len(before["bank entries"]) == len(rows)
    assert [line[3] for line in at_once["bank entries"][-len(rows) :]] == [
        "pay_in", "pay_in", "pay_in", "pay_in", "pay_in", "reserve", "unallocated", "unallocated", "unallocated",
        "unallocated", "unallocated", "settlement", "returned", "settlement", "unallocated", "unallocated",
    ]  # fmt: skip
    collected = EvidenceRecord.objects.filter(kind="clearing.claim_collected").order_by("pk")
    assert [row.payload["amount_minor"] for row in collected] == [300, 250]
    assert broken() == {}


@pytest.mark.usefixtures("no_causes")
def test_a_line_that_no_money_covers_refuses_the_whole_file_by_its_reference(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    payout = factories.instructions(factories.clear(market))[0]
    own = accounts_of(market.party("seller").pk, "JPY")
    moved = Line(LineKind.RECOVERED, own["receivable"], own["available"], payout.amount_minor)
    post([Draft(kind=EntryKind.RECOVERY, reference="moved", lines=[moved])], currency="JPY", purpose="moved")
    before = outcome()
    lines = [
        factories.booking("credit", 500, reference(market, "buyer")),
        factories.booking("debit", payout.amount_minor, payout.reference, reference="OUT-1"),
    ]
    with pytest.raises(StatementNotImported) as refused:
        factories.receive(market, lines)
    (fault,) = refused.value.faults
    assert (fault["code"], "OUT-1" in fault["message"]["en"]) == ("insufficient_funds", True)
    assert outcome() == before


def test_the_statements_to_the_database_do_not_grow_with_the_lines(market):
    def count(lines: int) -> int:
        content = [
            factories.booking("credit", 100, reference(market, name)) for name in ("a", "b") * (lines // 2)
        ]
        with CaptureQueriesContext(connection) as queries:
            factories.import_only(market, content)
        return len(queries)

    count(2)
    assert count(2) == count(200)
