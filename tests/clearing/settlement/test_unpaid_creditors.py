"""What a creditor was not paid stays attached: nobody sets it off, pays it twice, or moves it while sending is shut."""

from __future__ import annotations

import pytest

from clearing.cycles.errors import CycleIsPaused
from clearing.models import SetOff, SettlementInstruction, Shortfall
from clearing.run.services.cycles import pause_cycle
from clearing.settlement.errors import MoreThanAttached, SendingIsShut
from clearing.settlement.metrics import NOT_PAID
from clearing.settlement.queries import PaymentReadings
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.restorations import record_restoration
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.shortfalls.services.attached_payments import pay_creditor
from clearing.shortfalls.services.restraints import lift_restraint
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.notices.handlers.payout_accounts import on_payment_returned
from marketplace.notices.models import Notice, Task
from tests.standing import made_once

from .. import factories
from ..shortfalls.test_set_offs import restrain
from ..test_invariants import broken
from .test_creditors import ACCOUNT, attach, order, pay, shown, to_seller


@made_once
def planned(market):
    """A trade of 10,000, of which 10,450 are planned for the seller and not sent: its cycle and the trade."""
    trade = factories.accepted(market, "buyer", "seller", 10_000)
    return factories.clear(market), trade


def send(market, payment: SettlementInstruction) -> None:
    cycle = payment.cycle.public_id if payment.cycle else None
    create_transfer_file(actor=market.actor, cycle=cycle, currency=None if cycle else "JPY")


def fail(market, payment: SettlementInstruction) -> None:
    """The bank has the payment, and does not make it."""
    send(market, payment)
    report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")


def owe_later(market) -> None:
    """The seller owes 1,100 of a trade that was concluded after what happened before."""
    trade = factories.accepted(market, "buyer", "seller", 1_000)
    factories.clear(market)
    factories.adjust(market, trade, "seller", "buyer", 1_000)
    factories.clear(market)


def test_no_creditor_is_paid_while_the_market_may_have_sent_the_payment(market, planned):
    restraint = attach(market)
    (held,) = to_seller(market)
    record_restoration()
    before = shown(market)
    with pytest.raises(SendingIsShut):
        pay_creditor(actor=market.actor, **order(restraint, held, 4_000))
    assert (shown(market), broken()) == (before, {})


def test_no_creditor_is_paid_from_a_cycle_that_is_paused(market, planned):
    restraint = attach(market)
    (held,) = to_seller(market)
    pause_cycle(actor=market.actor, cycle=planned[0].public_id, reason="確認中")
    with pytest.raises(CycleIsPaused):
        pay_creditor(actor=market.actor, **order(restraint, held, 4_000))
    assert (shown(market), broken()) == ([(10_450, "cycle", "planned", "attached", False)], {})


def test_nothing_is_given_back_while_the_market_may_have_sent_it(market, planned):
    restraint = attach(market)
    (held,) = to_seller(market)
    pay(market, restraint, held, 4_000)
    record_restoration()
    before = shown(market)
    for person in (market.actor, market.second):
        with pytest.raises(SendingIsShut):
            lift_restraint(actor=person, restraint=restraint.public_id, reason="取下げ")
    assert (shown(market), broken()) == (before, {})


@pytest.mark.parametrize("to_creditor", [True, False])
def test_attached_money_that_was_not_paid_covers_nothing_owed_later(market, planned, to_creditor):
    (payment,) = to_seller(market)
    if not to_creditor:
        send(market, payment)
    restraint = attach(market, None)
    if to_creditor:
        payment = pay(market, restraint, payment, 10_450)
        send(market, payment)
    report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    owe_later(market)
    assert (Shortfall.objects.get().missing_minor, SetOff.objects.count()) == (1_100, 0)
    assert factories.balance(market, "seller", "receivable") == 11_440
    assert broken() == {}


def test_what_is_attached_of_money_that_was_not_paid_stays(market, planned):
    (payment,) = to_seller(market)
    send(market, payment)
    attach(market, 10_000)
    report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    owe_later(market)
    # 10,450 failed and 990 are planned: all but 10,000 is the seller's own money.
    assert Shortfall.objects.count() == 0
    assert factories.balance(market, "seller", "receivable") == 10_340
    assert broken() == {}


def test_in_an_insolvency_only_what_was_owed_before_covers_what_was_owed_before(market, planned):
    _, trade = planned
    (payment,) = to_seller(market)
    send(market, payment)
    restrain(market, "seller", "insolvency")
    report_failed_payment(actor=market.actor, instruction=payment.public_id, reason="口座該当なし")
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    assert (Shortfall.objects.count(), factories.balance(market, "seller", "receivable")) == (0, 9_900)
    assert broken() == {}


def test_a_creditor_is_paid_again_what_is_left_of_its_payment(market, planned):
    _, trade = planned
    restraint = attach(market, None)
    (held,) = to_seller(market)
    first = pay(market, restraint, held, 10_450)
    fail(market, first)
    factories.adjust(market, trade, "seller", "buyer", 500)
    factories.clear(market)
    changed = {"payee_account": ACCOUNT | {"account_number": "8888888"}}
    for amount in (10_450, 9_899):
        with pytest.raises(MoreThanAttached) as refusal:
            pay_creditor(actor=market.actor, **order(restraint, first, amount, **changed))
        assert refusal.value.fields["most_minor"] == 9_900
    again = pay(market, restraint, first, 9_900, **changed)
    assert (again.instead_of, again.amount_minor, broken()) == (first, 9_900, {})


def test_a_creditor_that_was_paid_from_another_payment_is_not_paid_twice(market, planned):
    restraint = attach(market)
    (held,) = to_seller(market)
    first = pay(market, restraint, held, 4_000)
    fail(market, first)
    pay(market, restraint, to_seller(market)[1], 4_000)
    before = shown(market)
    with pytest.raises(MoreThanAttached):
        retry_payment(actor=market.actor, instruction=first.public_id)
    assert (shown(market), broken()) == (before, {})
    factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取立完了")
    assert retry_payment(actor=market.actor, instruction=first.public_id).creditor_payment is None
    assert broken() == {}


def test_money_that_a_failed_payment_left_is_an_alarm_until_it_is_planned_again(market, planned):
    restraint = attach(market)
    (held,) = to_seller(market)
    first = pay(market, restraint, held, 4_000)
    assert NOT_PAID.read() == 0
    fail(market, first)
    assert NOT_PAID.read() == 1
    factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取下げ")
    assert NOT_PAID.read() == 1
    retry_payment(actor=market.actor, instruction=first.public_id)
    assert (NOT_PAID.read(), broken()) == (0, {})


def test_what_a_shortfall_used_of_a_failed_payment_is_no_alarm(market, planned):
    _, trade = planned
    (payment,) = to_seller(market)
    fail(market, payment)
    factories.adjust(market, trade, "seller", "buyer", 9_500)
    factories.clear(market)
    assert (factories.balance(market, "seller", "receivable"), NOT_PAID.read(), broken()) == (0, 0, {})


def test_what_a_creditor_was_not_paid_is_held_back_at_once_and_everybody_knows_why(market, planned):
    restraint = attach(market, 4_000)
    (held,) = to_seller(market)
    first = pay(market, restraint, held, 4_000)
    assert [row[3] for row in shown(market)] == ["", "", ""]
    fail(market, first)
    rest = to_seller(market)[1]
    assert (rest.amount_minor, rest.state, rest.held_back) == (6_450, "planned", "attached")
    first.refresh_from_db()
    readings = PaymentReadings([first, rest])
    assert [readings.waiting(row).reason.code for row in (first, rest)] == [
        "payment.creditor_unpaid",
        "payment.attached",
    ]
    event = parse("payment.returned", OutboxEvent.objects.get(type="payment.returned").data)
    assert event.restraint == restraint.public_id
    on_payment_returned(event, factories.envelope(event))
    task = Task.objects.get(kind="pay_again", subject=first.public_id)
    assert f"set-off-restraints/{restraint.public_id}/pay-creditor/" in task.title["ja"]
    notice = Notice.objects.get(organisation=market.party("seller"), subject=first.public_id)
    assert "差押債権者等への支払 ¥4,000 が返却されました" in notice.title["ja"]
    retry_payment(actor=market.actor, instruction=first.public_id)
    rest.refresh_from_db()
    assert (rest.held_back, broken()) == ("", {})


def test_a_creditor_s_payment_that_the_bank_returned_is_held_back_at_once(market, planned):
    restraint = attach(market, 4_000)
    first = pay(market, restraint, to_seller(market)[0], 4_000)
    send(market, first)
    factories.receive(market, [factories.booking("debit", 4_000, first.reference)])
    factories.receive(market, [factories.booking("credit", 4_000, f"組戻 {first.reference}")])
    assert shown(market)[1:] == [
        (6_450, "cycle", "planned", "attached", False),
        (4_000, "attachment", "failed", "", True),
    ]
    assert broken() == {}


def test_a_payment_that_is_planned_to_an_attached_participant_says_so(market, planned):
    restraint = attach(market, None)
    factories.accepted(market, "buyer", "seller", 1_000)
    factories.clear(market)
    assert [row[2:4] for row in shown(market)] == [("planned", "attached"), ("planned", "attached")]
    factories.by_two(market, lift_restraint, restraint=restraint.public_id, reason="取下げ")
    assert [row[2:4] for row in shown(market)] == [("planned", ""), ("planned", "")]
    assert broken() == {}
