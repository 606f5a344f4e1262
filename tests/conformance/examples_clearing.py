"""Requests that succeed, of the commands of clearing, and of what they leave."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from clearing.bank.queries import pay_in_reference
from clearing.bank.uploads import import_received, receive_statement
from clearing.invoices.services.intermediary import give_intermediary_notice
from clearing.models import (
    BankEntry,
    ClearingSchedule,
    ClosedDay,
    DebitBooking,
    Obligation,
    SettlementInstruction,
    UnconfirmedReceipt,
)
from clearing.settlement.services.own_money import plan_own_money
from clearing.settlement.services.payments import report_failed_payment
from clearing.settlement.services.transfer_files import create_transfer_file
from clearing.settlement.views import CLIENT_ACCOUNT_EXAMPLE, REGIME_EXAMPLE
from clearing.shortfalls.services.deposits import pay_deposit
from clearing.trades.obligation_reference import obligation_reference
from clearing.trades.services.corrections import penalise_trade
from marketplace.approvals.models import Approval
from marketplace.kernel import clock
from marketplace.participants.models import User
from tests.clearing import carrying_in, factories, guaranteeing
from tests.contracts import factories as contracts
from tests.participants import factories as participants

from .callers import EVERYTHING
from .examples_books import guarantee, restraint
from .matrix import send
from .requests import EVERYBODY, Request, Table
from .world import World

TABLE = Table()
REASON = {"reason": "確認済み"}
MONEY = {"amount_minor": 1_000, "currency": "JPY"}


def sale(world: World) -> Any:
    """A trade of 10,000 that was delivered and accepted."""
    return factories.accepted(world.clearing, "buyer", "seller", 10_000)


def sold(world: World) -> str:
    return str(sale(world).public_id)


def penalty(world: World) -> Request:
    return Request((sold(world),), {"debtor": world.of("seller").public_id, "amount_minor": 500, **REASON})


def corrected(world: World) -> str:
    """A penalty that was ordered for a trade."""
    order = {"debtor": world.of("seller").public_id, "amount_minor": 500}
    penalise_trade(actor=world.actor("operator"), trade=sold(world), reason="遅延", **order)
    row = Obligation.objects.filter(kind="penalty").latest("pk")
    return str(obligation_reference(row.trade.public_id, row.pk))


def secure(world: World) -> Request:
    """A trade without money, and the guarantee of its buyer."""
    trade = factories.conclude(world.clearing, "buyer", "seller", 10_000)
    made = guaranteeing.register(world.clearing, "buyer", 1_000_000)
    return Request((trade.public_id,), {"guarantee": made.public_id})


def cleared(world: World) -> Any:
    """A cycle of one trade whose payments are planned."""
    sale(world)
    return factories.clear(world.clearing)


def payment(world: World) -> SettlementInstruction:
    """The payment to the seller, planned."""
    return SettlementInstruction.objects.get(cycle=cleared(world), organisation=world.of("seller"))


def sent_payment(world: World) -> str:
    """One that is in a transfer file."""
    made = payment(world)
    create_transfer_file(actor=world.actor("operator"), cycle=made.cycle.public_id)
    return str(made.public_id)


def failed_payment(world: World) -> str:
    """One that the bank did not make."""
    made = sent_payment(world)
    report_failed_payment(actor=world.actor("operator"), instruction=made, reason="口座該当なし")
    return made


def own_money(world: World) -> str:
    """A payment of own money that was not paid in yet."""
    return str(plan_own_money(actor=world.actor("operator"), amount_minor=1_000).public_id)


def open_cycle(world: World) -> str:
    return str(world.clearing.cycle.public_id)


def closed_cycle(world: World) -> str:
    return str(cleared(world).public_id)


def paused_cycle(world: World) -> str:
    """A cycle that is paused."""
    cycle = closed_cycle(world)
    answer = send("POST cycles/{}/pause/", Request((cycle,), REASON), world.first)
    assert answer.status == 200, answer.text
    return cycle


def in_suspense(world: World, direction: str) -> str:
    """A line of the bank's statement that nobody knows."""
    factories.receive(world.clearing, [factories.booking(direction, 500, "?")])
    return str(BankEntry.objects.latest("pk").public_id)


def allocate(world: World) -> Request:
    return Request((in_suspense(world, "credit"),), {"organisation": world.of("buyer").public_id})


def debit(world: World) -> Request:
    return Request((in_suspense(world, "debit"),), {"booked_as": "reclaimed", **REASON})


def debit_booking(world: World) -> str:
    """A debit that two people booked."""
    request = debit(world)
    for caller in (world.first, world.everything("operator")):
        send("POST bank-entries/{}/book-debit/", request, caller)
    return str(DebitBooking.objects.latest("pk").public_id)


def recoup(world: World) -> Request:
    """A receipt that returns a debit."""
    booked = debit_booking(world)
    return Request((in_suspense(world, "credit"),), {"debit": booked})


def statement(_world: World) -> Request:
    content = carrying_in.statement([])
    return Request(body={"file": SimpleUploadedFile("statement.csv", content, "text/csv")}, form="multipart")


def waiting_statement(world: World) -> Any:
    """A statement that waits for a second person, because what came in is much."""
    content = carrying_in.statement([carrying_in.booking("credit", 50_000_000, reference_of(world))])
    received = receive_statement(actor=world.actor("operator"), content=content, file_name="large.csv")
    return import_received(statement_import=received.public_id)


def reference_of(world: World) -> str:
    """The remittance text of the buyer."""
    return str(pay_in_reference(organisation=world.of("buyer").public_id))


def confirm(world: World) -> Request:
    received = waiting_statement(world)
    stated = {"sha256": received.sha256, "closing_balance_minor": received.closing_balance_minor}
    return Request((received.public_id,), stated)


def unconfirmed(world: World) -> str:
    waiting_statement(world)
    return str(UnconfirmedReceipt.objects.latest("pk").public_id)


def depositing(world: World) -> Any:
    """A deposit of the buyer."""
    factories.pay_in(world.clearing, "buyer", 5_000)
    pay_deposit(actor=world.actor("buyer"), amount_minor=1_000, currency="JPY")
    return {"organisation": world.of("buyer").public_id, **MONEY, **REASON}


def keep_back(world: World) -> Any:
    factories.pay_in(world.clearing, "buyer", 5_000)
    return MONEY


def notice(world: World) -> str:
    """A notice by which the operator issues the seller's invoices."""
    day = clock.today() + timedelta(days=40)
    return str(give_intermediary_notice(actor=world.actor("seller"), effective_from=day).public_id)


def withdrawn_notice(world: World) -> Request:
    day = clock.today() + timedelta(days=80)
    return Request((notice(world),), {"effective_from": day.isoformat()})


def schedule(_world: World) -> Any:
    return {
        "currency": "JPY",
        "effective_from": (clock.today() + timedelta(days=30)).isoformat(),
        "cut_off_times": ["15:00"],
    }


def account(_world: World) -> Any:
    """Another client account, after the notice that it needs."""
    effective_from = clock.now() + timedelta(days=60)
    return {**CLIENT_ACCOUNT_EXAMPLE, "effective_from": effective_from.isoformat()}


def closed_day(_world: World) -> Any:
    return {"day": "2030-05-02", "name": {"ja": "休業", "en": "Closed"}}


def by_two(world: World, name: str, body: Any) -> None:
    """Have two people give a command that takes two."""
    for caller in (world.first, world.everything("operator")):
        answer = send(name, Request(body=body), caller)
    assert answer.status < 300, answer.text


def published_schedule(world: World) -> str:
    by_two(world, "POST clearing-schedules/", schedule(world))
    return str(ClearingSchedule.objects.latest("pk").pk)


def declared_day(world: World) -> str:
    by_two(world, "POST closed-days/", closed_day(world))
    return str(ClosedDay.objects.latest("pk").pk)


def day_to_withdraw(world: World) -> Any:
    declared_day(world)
    return {"day": "2030-05-02"}


def approval(world: World) -> str:
    """A command that waits for a second person."""
    send("POST closed-days/", Request(body=closed_day(world)), world.first)
    return str(Approval.objects.latest("pk").public_id)


def adjusted(world: World) -> Request:
    agreement = contracts.agreement(world.contracts)
    body = {"debtor": agreement.seller_identifier, "amount_minor": 1_000, **REASON}
    return Request((agreement.public_id,), body)


def disputed(world: World) -> str:
    """A dispute whose mediator is the person of the operator with every role."""
    mediator = User.objects.get(email=f"operator-{EVERYTHING}@example.jp")
    actor = participants.actor_for(world.of("operator"), mediator.public_id)
    return contracts.ready(contracts.dispute(world.contracts), actor)


def terms(world: World) -> Any:
    stated = guaranteeing.terms(world.clearing, "buyer", 1_000_000)
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in stated.items()
    }


def attachment(world: World) -> Any:
    return {
        "organisation": world.of("seller").public_id,
        "kind": "attachment",
        "served_at": clock.now().isoformat(),
        "reference": "令和8年(ル)第1号",
    }


def take_out(world: World) -> Any:
    factories.pay_own_money(world.clearing, 5_000)
    return {**MONEY, **REASON}


def lower_reserve(world: World) -> Any:
    factories.fund_reserve(world.clearing, 5_000)
    return {**MONEY, **REASON}


TABLE.listed("approvals/", "operator", approval, is_narrowed=True)
TABLE.of_row("POST approvals/{}/withdraw/", "operator", approval, is_narrowed=True)
TABLE.of_row("POST trades/{}/refund/", "operator", sold, {"amount_minor": 5_000, **REASON})
TABLE.example("POST trades/{}/penalty/", "operator")(penalty)
TABLE.example("POST trades/{}/secure/", "buyer")(secure)
TABLE.of_row("POST obligations/{}/reverse/", "operator", corrected, REASON)
TABLE.example("POST agreements/{}/adjust-price/", "operator")(adjusted)
TABLE.of_row(
    "POST disputes/{}/resolve/", "operator", disputed, {"outcome": "dismissed", **REASON}, is_narrowed=True
)
TABLE.sent("supply-statements/", "seller", lambda world: {"listing": world.listing, "supply": "data"})
TABLE.sent("guarantees/", "operator", terms, takes_two=True)
TABLE.of_row(
    "POST guarantees/{}/reduce/", "operator", guarantee, {"amount_minor": 0, **REASON}, takes_two=True
)
TABLE.sent("cycles/", "operator", {"currency": "USD"})
TABLE.of_row("POST cycles/{}/close/", "operator", open_cycle)
TABLE.of_row("POST cycles/{}/pause/", "operator", closed_cycle, REASON)
TABLE.of_row("POST cycles/{}/resume/", "operator", paused_cycle, REASON)
TABLE.sent("clearing-schedules/", "operator", schedule, takes_two=True)
TABLE.only_listed("clearing-schedules/", EVERYBODY, published_schedule)
TABLE.sent("closed-days/", "operator", closed_day, takes_two=True)
TABLE.only_listed("closed-days/", EVERYBODY, declared_day)
TABLE.sent("closed-days/withdraw/", "operator", day_to_withdraw, takes_two=True)
TABLE.of_row("POST settlement-instructions/{}/fail/", "operator", sent_payment, REASON)
TABLE.of_row("POST settlement-instructions/{}/retry/", "operator", failed_payment)
TABLE.sent("settlement-instructions/own-money/", "operator", MONEY)
TABLE.sent("settlement-instructions/take-out-own-money/", "operator", take_out, takes_two=True)
TABLE.of_row("POST settlement-instructions/{}/withdraw/", "operator", own_money)
TABLE.sent("transfer-files/", "operator", lambda world: {"cycle": closed_cycle(world)})
TABLE.sent("client-accounts/", "operator", account, takes_two=True)
TABLE.sent("funds-regimes/", "operator", REGIME_EXAMPLE, takes_two=True)
TABLE.sent("reserve-reductions/", "operator", lower_reserve, takes_two=True)
TABLE.sent("deposits/", "buyer", keep_back)
TABLE.sent("deposits/release/", "operator", depositing)
TABLE.sent("set-off-restraints/", "operator", attachment)
TABLE.of_row("POST set-off-restraints/{}/lift/", "operator", restraint, REASON, takes_two=True)
TABLE.example("POST bank-statements/", "operator")(statement)
TABLE.example("POST statement-imports/{}/confirm/", "operator")(confirm)
TABLE.of_row(
    "POST statement-imports/{}/withdraw/", "operator", lambda world: waiting_statement(world).public_id
)
TABLE.listed("unconfirmed-receipts/", "buyer", unconfirmed)
TABLE.example("POST bank-entries/{}/allocate/", "operator")(allocate)
TABLE.example("POST bank-entries/{}/book-debit/", "operator", takes_two=True)(debit)
TABLE.example("POST bank-entries/{}/recoup/", "operator", takes_two=True)(recoup)
TABLE.listed("debit-bookings/", "operator", debit_booking)
TABLE.sent("intermediary-notices/", "seller", {"effective_from": "2099-04-01"})
TABLE.listed("intermediary-notices/", "seller", notice)
TABLE.example("POST intermediary-notices/{}/withdraw/", "seller")(withdrawn_notice)
