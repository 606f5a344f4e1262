"""Requests that succeed, of what clearing needs weeks or misfortune for: bad fees, set-offs, attachments, closed months."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from clearing.ledger.queries import bank_balance
from clearing.models import (
    BalanceCertificate,
    Entry,
    FeeWriteOff,
    Invoice,
    LedgerPeriod,
    MonthlyStatement,
    Obligation,
    SetOff,
    SettlementInstruction,
)
from clearing.settlement.services.restorations import record_restoration
from clearing.shortfalls.views import PAY_CREDITOR_EXAMPLE
from clearing.statements.document import month_of
from clearing.statements.services import due_from, make_statements
from clearing.trades.obligation_reference import obligation_reference
from marketplace.events.schemas.contracts import Beneficiary
from marketplace.kernel import clock
from tests.clearing import factories, guaranteeing

from .examples_books import restraint
from .examples_clearing import cleared
from .matrix import send
from .requests import Request, Table
from .world import World

TABLE = Table()
REASON = {"reason": "確認済み"}
DIGEST = "0" * 64


def settled_sale(world: World, price_minor: int = 10_000) -> Any:
    """A trade whose seller was paid out."""
    trade = factories.accepted(world.clearing, "buyer", "seller", price_minor)
    factories.settle(world.clearing, factories.clear(world.clearing))
    return trade


def set_off(world: World) -> str:
    """What the seller owes is set off against a payment that was planned for it."""
    trade = factories.accepted(world.clearing, "buyer", "seller", 10_000)
    factories.clear(world.clearing)
    factories.adjust(world.clearing, trade, "seller", "buyer", 500)
    factories.clear(world.clearing)
    return str(SetOff.objects.latest("pk").public_id)


def put_off(world: World) -> str:
    """A fee that the seller could not pay, because all of its sale went back at once."""
    sold = settled_sale(world)
    factories.accepted(world.clearing, "buyer", "seller", 1_000)
    factories.adjust(world.clearing, sold, "seller", "buyer", 1_000)
    factories.clear(world.clearing)
    fee = Obligation.objects.get(kind="fee", deferred_from__isnull=False)
    return str(obligation_reference(fee.trade.public_id, fee.pk))


def write_off_fee(world: World) -> Any:
    return {"obligation": put_off(world), **REASON}


def by_two(world: World, name: str, request: Request) -> None:
    """Have two people give a command that takes two."""
    for caller in (world.first, world.everything("operator")):
        answer = send(name, request, caller)
    assert answer.status < 300, answer.text


def written_off(world: World) -> str:
    by_two(world, "POST fee-write-offs/", Request(body=write_off_fee(world)))
    return str(FeeWriteOff.objects.latest("pk").public_id)


def relieve(world: World) -> Request:
    body = {"ground": "規則18条", "document_sha256": DIGEST, "met_on": clock.today().isoformat()}
    return Request((written_off(world),), body)


def claim(world: World) -> Any:
    """What the reserve lent the seller, which has nothing left."""
    trade = settled_sale(world)
    factories.fund_reserve(world.clearing, 10_000)
    factories.adjust(world.clearing, trade, "seller", "buyer", 500)
    factories.clear(world.clearing)
    return {"organisation": world.of("seller").public_id, "amount_minor": 100, "currency": "JPY", **REASON}


def statement(world: World) -> str:
    """The seller's statement of a month that is over."""
    settled_sale(world)
    clock.move_to(due_from(month_of(clock.today()).until), running=False)
    while make_statements():
        pass
    found = MonthlyStatement.objects.filter(organisation=world.of("seller"))
    return str(found.latest("pk").public_id)


def last_month(world: World) -> date:
    """The first day of a month that is over, in which money came in."""
    factories.pay_in(world.clearing, "buyer", 5_000)
    month = month_of(clock.today())
    clock.move_to(due_from(month.until), running=False)
    return month.first


def certify(world: World) -> Any:
    month = last_month(world)
    last_day = clock.today().replace(day=1) - timedelta(days=1)
    return {
        "currency": "JPY",
        "month": month.isoformat(),
        "balance_minor": bank_balance("JPY", last_day).by_value_minor,
        "reference": "残高証明書",
        "document_sha256": DIGEST,
    }


def certificate(world: World) -> str:
    answer = send("POST balance-certificates/", Request(body=certify(world)), world.first)
    assert answer.status == 201, answer.text
    return str(BalanceCertificate.objects.latest("pk").public_id)


def close_month(world: World) -> Any:
    return {"month": last_month(world).isoformat()}


def closed_month(world: World) -> str:
    by_two(world, "POST ledger-periods/", Request(body=close_month(world)))
    return str(LedgerPeriod.objects.latest("pk").public_id)


def traced(world: World) -> Request:
    """The seller's entry of a cycle."""
    settled_sale(world)
    entry = Entry.objects.filter(organisation=world.of("seller"), kind="cycle").latest("pk")
    return Request((str(entry.public_id),), query="?line=sales")


def correct(world: World) -> Request:
    """An invoice that the seller issued."""
    settled_sale(world)
    invoice = Invoice.objects.filter(issuer=world.of("seller")).latest("pk")
    return Request((str(invoice.public_id),), {"changes": {"purchase_order": "PO-2026-0077"}, **REASON})


def open_sending(world: World) -> Request:
    """A restoration, and the bank's statements up to now."""
    cleared(world)
    made = record_restoration()
    clock.move_to(clock.now() + timedelta(days=10), running=False)
    factories.import_only(world.clearing, [], closing_on=clock.today())
    return Request((made.public_id,), {"currency": "JPY"})


def pay_creditor(world: World) -> Request:
    """A payment that is attached."""
    attached = restraint(world)
    payment = SettlementInstruction.objects.get(cycle=cleared(world), organisation=world.of("seller"))
    body = {**PAY_CREDITOR_EXAMPLE, "payment": payment.public_id, "amount_minor": 1_000}
    return Request((attached,), body)


def claw_back(world: World) -> Request:
    """A trade of which the stranger has a share."""
    beneficiary = world.of("stranger").public_id
    shares = (Beneficiary(organisation=beneficiary, share_bp=3_000),)
    trade = factories.accepted(world.clearing, "buyer", "seller", 10_000, beneficiaries=shares)
    factories.adjust(world.clearing, trade, "seller", "buyer", 5_000)
    return Request((trade.public_id,), {"beneficiary": beneficiary, "amount_minor": 500, **REASON})


def give_up_bill(world: World) -> Request:
    """A bill under a guarantee that nobody pays."""
    guaranteeing.register(world.clearing, "buyer", 50_000)
    trade = factories.accept(factories.conclude(world.clearing, "buyer", "seller", 10_000))
    clock.move_to(clock.now() + timedelta(days=100), running=False)
    return Request((trade.public_id,), REASON)


TABLE.listed("set-offs/", "seller", set_off)
TABLE.listed("fee-write-offs/", "operator", written_off)
TABLE.sent("fee-write-offs/", "operator", write_off_fee, takes_two=True)
TABLE.example("POST fee-write-offs/{}/relieve-tax/", "operator", takes_two=True)(relieve)
TABLE.sent("claims/write-off/", "operator", claim)
TABLE.listed("monthly-statements/", "seller", statement)
TABLE.of_row("GET monthly-statements/{}/document.pdf/", "seller", statement, is_costly=True)
TABLE.listed("balance-certificates/", "operator", certificate)
TABLE.sent("balance-certificates/", "operator", certify)
TABLE.listed("ledger-periods/", "operator", closed_month)
TABLE.sent("ledger-periods/", "operator", close_month, takes_two=True)
TABLE.example("GET journal-entries/{}/obligations/", "seller")(traced)
TABLE.example("POST invoices/{}/correct/", "seller")(correct)
TABLE.example("POST restorations/{}/open-sending/", "operator", takes_two=True)(open_sending)
TABLE.example("POST set-off-restraints/{}/pay-creditor/", "operator", takes_two=True)(pay_creditor)
TABLE.example("POST trades/{}/claw-back/", "operator")(claw_back)
TABLE.example("POST trades/{}/give-up-bill/", "operator", takes_two=True)(give_up_bill)
