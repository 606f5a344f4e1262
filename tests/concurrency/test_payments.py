"""Races of payments: a statement against a retry, and the end of an attachment against a transfer file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from clearing.models import BankEntry, SettlementInstruction
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.shortfalls.services.restraints import lift_restraint
from marketplace.approvals.errors import SecondPersonNeeded
from tests.clearing import factories
from tests.clearing.settlement.test_creditors import attach, pay, to_seller

from .test_holds import broken

WAIT_SECONDS = 0.5


@pytest.fixture
def market(committed_database) -> factories.Market:
    return factories.market()


def beside(command: Callable[[], object], outcomes: list[str]) -> threading.Thread:
    """Begin a command on a connection of its own, which then waits for this transaction."""

    def give() -> None:
        try:
            command()
            outcomes.append("done")
        except Exception as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    thread = threading.Thread(target=give)
    thread.start()
    time.sleep(WAIT_SECONDS)
    assert outcomes == [], "the command must wait"
    return thread


def lock(payment: SettlementInstruction) -> None:
    SettlementInstruction.objects.select_for_update(no_key=True).get(pk=payment.pk)


def test_a_payment_that_is_planned_again_while_the_statement_waits_is_withdrawn(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    failed = factories.instructions(cycle)[0]
    report_failed_payment(actor=market.actor, instruction=failed.public_id, reason="口座該当なし")
    rows, outcomes = [factories.booking("debit", 10_450, failed.reference)], []
    with transaction.atomic():
        again = retry_payment(actor=market.actor, instruction=failed.public_id)
        statement = beside(lambda: factories.receive(market, rows), outcomes)
    statement.join(timeout=30)
    again.refresh_from_db()
    failed.refresh_from_db()
    assert (outcomes, failed.state, again.state) == (["done"], "confirmed", "cancelled")
    assert BankEntry.objects.filter(match="unallocated").count() == 0
    assert broken() == {}


def test_the_end_of_an_attachment_locks_payments_in_the_order_of_transfer_files(market):
    factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    restraint = attach(market)
    (held,) = to_seller(market)
    to_creditor = pay(market, restraint, held, 4_000)
    remainder = to_seller(market)[1]
    assert remainder.pk < to_creditor.pk
    command = {"restraint": restraint.public_id, "reason": "取下げ"}
    with pytest.raises(SecondPersonNeeded):
        lift_restraint(actor=market.actor, **command)
    outcomes: list[str] = []
    with transaction.atomic():
        lock(remainder)
        end = beside(lambda: lift_restraint(actor=market.second, **command), outcomes)
        lock(to_creditor)
    end.join(timeout=30)
    assert outcomes == ["done"]
    assert [row.state for row in to_seller(market)] == ["cancelled", "planned", "cancelled", "planned"]
    assert broken() == {}
