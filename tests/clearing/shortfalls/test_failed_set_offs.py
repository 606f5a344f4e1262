"""What a failed payment left is set off within the bounds of planned payments, by whoever writes it, and everybody is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from clearing.models import Entry, SetOff, SettlementInstruction, Shortfall
from clearing.settlement.errors import NothingToTransfer
from clearing.settlement.queries import PaymentReadings
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.settlement.still_due import still_due
from clearing.shortfalls import own_money, set_offs
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.notices.handlers import payout_accounts as handlers
from marketplace.notices.models import Notice, Task
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import run
from ..settlement.test_sanctions import sanction
from ..test_invariants import broken
from .test_set_offs import restrain

NAMED = "clearing.failed_payments_set_off_within_bounds"


def fail(market, cycle) -> SettlementInstruction:
    """The bank has the payment of a cycle to the seller, and does not make it."""
    create_transfer_file(actor=market.actor, cycle=cycle.public_id)
    payment = SettlementInstruction.objects.get(cycle=cycle, organisation=market.party("seller"))
    return report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")


@made_once
def failed(market):
    """A trade of 10,000, and the payment of 10,450 to its seller, which failed."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    return fail(market, factories.clear(market)), trade


def owe(market, trade, amount: int) -> None:
    """The seller owes so much and its tax back, and a cycle is netted."""
    factories.adjust(market, trade, "seller", "buyer", amount)
    factories.clear(market)


def tell() -> None:
    """What was emitted of payments that came back reaches those who are told of it."""
    for event in OutboxEvent.objects.filter(type__startswith="payment.return").order_by("pk"):
        data = parse(event.type, event.data)
        reaction = {
            "payment.returned": handlers.on_payment_returned,
            "payment.return_set_off": handlers.on_return_set_off,
            "payment.return_settled": handlers.on_return_settled,
        }[event.type]
        reaction(data, factories.envelope(data))


def test_the_task_ends_when_all_of_the_payment_is_set_off(market, failed):
    payment, trade = failed
    owe(market, trade, 9_500)
    tell()
    task = Task.objects.get(kind="pay_again", subject=payment.public_id)
    assert (task.state, PaymentReadings([payment]).waiting(payment)) == ("done", None)
    record = EvidenceRecord.objects.get(kind="clearing.return_set_off")
    assert (record.payload["amount_minor"], record.payload["remainder_minor"]) == (10_450, 0)
    told = Notice.objects.filter(organisation=market.party("seller"), subject=payment.public_id)
    assert [row.title["en"] for row in told.order_by("pk")] == [
        "A payment of ¥10,450 to you came back",
        "¥10,450 of a payment that came back was set off",
    ]
    assert "残額は ¥0" in told.order_by("pk")[1].body["ja"]
    with pytest.raises(NothingToTransfer):
        retry_payment(actor=market.actor, instruction=payment.public_id)
    assert (Shortfall.objects.count(), broken()) == (0, {})


def test_the_task_stays_while_a_part_is_due_and_that_part_is_paid(market, failed):
    payment, trade = failed
    owe(market, trade, 500)
    tell()
    assert Task.objects.get(kind="pay_again").state == "open"
    assert PaymentReadings([payment]).waiting(payment).reason.code == "payment.failed"
    assert "¥9,900" in Notice.objects.order_by("-pk")[0].body["en"]
    again = retry_payment(actor=market.actor, instruction=payment.public_id)
    tell()
    assert (again.amount_minor, Task.objects.get(kind="pay_again").state) == (9_900, "done")
    assert broken() == {}


def test_what_is_owed_longest_is_used_first_and_each_payment_has_its_own_part(market, failed):
    payment, trade = failed
    factories.accepted(market, "buyer", "seller", 1_000)
    second = fail(market, factories.clear(market))
    owe(market, trade, 500)
    assert still_due([payment]) == {payment.pk: 9_900, second.pk: second.amount_minor}
    owe(market, trade, 9_000)
    assert still_due([second]) == {payment.pk: 0, second.pk: second.amount_minor}
    with pytest.raises(NothingToTransfer):
        retry_payment(actor=market.actor, instruction=payment.public_id)
    again = retry_payment(actor=market.actor, instruction=second.public_id)
    assert (again.amount_minor, still_due([second]), broken()) == (second.amount_minor, {payment.pk: 0}, {})


@pytest.mark.parametrize("kind", ["sanctions", "attachment", "insolvency"])
def test_the_database_refuses_what_the_service_let_pass(market, failed, monkeypatch, kind):
    payment, trade = failed
    if kind == "sanctions":
        sanction(market, "seller")
        monkeypatch.setattr(set_offs, "held_from_payment", lambda parties: set())
    else:
        restrain(market, "seller", kind, served_at=clock.now() - timedelta(days=1))
        monkeypatch.setattr(set_offs, "_restraints_on", lambda parties, cycle: {key: [] for key in parties})
    factories.adjust(market, trade, "seller", "buyer", 500)
    entries = Entry.objects.filter(kind="cover")
    with (
        pytest.raises(IntegrityError, match=r"passes a restraint|sanctions hold back"),
        transaction.atomic(),
    ):
        factories.clear(market)
        connection.check_constraints()
    assert (entries.count(), SetOff.objects.count()) == (0, 0)
    assert still_due([payment]) == {payment.pk: 10_450}


def test_no_cover_takes_the_money_of_a_planned_payment(market, monkeypatch):
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    factories.clear(market)
    factories.adjust(market, trade, "seller", "buyer", 500)
    monkeypatch.setattr(own_money, "on_its_way", lambda parties, currency: {})
    monkeypatch.setattr(own_money, "free_parts", lambda payments, cycle: [])
    with pytest.raises(IntegrityError, match="takes what payments pay"), transaction.atomic():
        factories.clear(market)
        connection.check_constraints()
    assert Entry.objects.filter(kind="cover").count() == 0


def test_a_set_off_forced_past_a_restraint_is_named(market, failed):
    _, trade = failed
    restraint = restrain(market, "seller")
    owe(market, trade, 500)
    assert (Shortfall.objects.count(), broken()) == (0, {})
    with unguarded("clearing_setoffrestraint"):
        run("UPDATE clearing_setoffrestraint SET served_at = served_at - interval '1 day'")
    assert (restraint.amount_minor, list(broken())) == (None, [NAMED])


def test_a_set_off_forced_under_sanctions_is_named(market, failed):
    _, trade = failed
    sanction(market, "seller", "breach")
    owe(market, trade, 500)
    assert broken() == {}
    with unguarded("participants_suspension"):
        run("UPDATE participants_suspension SET kind = 'sanctions'")
    assert NAMED in broken()


def test_a_second_cover_of_a_cycle_counts_what_the_first_set_off(market, failed):
    payment, trade = failed
    restrain(market, "seller", served_at=clock.now())
    factories.adjust(market, trade, "seller", "buyer", 500)
    cycle = factories.clear(market)
    (bound,) = set_offs._restraints_on([payment.organisation_id], cycle)[payment.organisation_id]
    assert (bound.claims_minor, bound.done_minor, set_offs._bound([bound], 9_900)) == (550, 550, 0)
    assert broken() == {}
