"""Books debits in suspense, and attributes receipts that return them. Each takes two people for any amount."""

from __future__ import annotations

from marketplace.events.schemas.banking import DebitExplained
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ..approvals.services import require_second_person
from ..ledger.accounts import market_accounts
from ..ledger.errors import OperatorMoneyShort
from ..ledger.journal import Draft, Line, post
from ..ledger.locks import MOVER_LOCK
from ..ledger.states import AccountKind, EntryKind, LineKind
from ..settlement.models import SettlementInstruction
from ..settlement.operator_money import free_operator_money
from ..settlement.states import InstructionState, PaymentDirection
from ..shortfalls.services.deposits import stated_reason
from .debit_models import DebitBooking, Recoupment
from .errors import NotInSuspense, NotRepeated, NotReturnedBy
from .models import BankEntry
from .queries import open_minor
from .states import RETURNABLE, BankDirection, BankMatch, DebitKind

BOOKED = {
    DebitKind.BANK_FEE: (LineKind.BANK_FEE, AccountKind.BANK_CHARGES),
    DebitKind.RECLAIMED: (LineKind.RECLAIMED, AccountKind.BANK_RECEIVABLE),
    DebitKind.PAID_TWICE: (LineKind.PAID_TWICE, AccountKind.PAYEE_RECEIVABLE),
}
"""The posting kind of each kind of debit, and the account that takes it over from suspense."""


@record_refusals()
def book_debit(
    *, actor: Actor, bank_entry: str, booked_as: str, reason: str, instruction: str | None = None
) -> DebitBooking:
    """Book a debit in suspense as a bank fee, a wrong debit to be reclaimed, or a payment carried out twice.

    The operator bears a bank fee from its own money on the client account. ``instruction`` names the payment that was carried
    out twice, and nothing else: it was confirmed by another bank entry, or failed and was made again. Emits
    debit.explained. Raises SecondPersonNeeded, NotInSuspense, NotRepeated, OperatorMoneyShort, FieldInvalid, Missing,
    Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    MOVER_LOCK.acquire()
    entry = _suspended(bank_entry, BankDirection.DEBIT)
    if booked_as not in DebitKind.values:
        raise FieldInvalid("booked_as", _CHOICES)
    kind, why = DebitKind(booked_as), stated_reason(reason)
    repeated = _repeated(entry, instruction) if kind == DebitKind.PAID_TWICE else None
    if kind != DebitKind.PAID_TWICE and instruction is not None:
        raise FieldInvalid("instruction", _ONLY_TWICE)
    free_minor = free_operator_money(entry.currency) if kind == DebitKind.BANK_FEE else 0
    if kind == DebitKind.BANK_FEE and free_minor < entry.amount_minor:
        raise OperatorMoneyShort(missing_minor=entry.amount_minor - free_minor, currency=entry.currency)
    approval = require_second_person(
        actor=actor,
        command="clearing.book_debit",
        subject=entry.public_id,
        payee="",
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        payload={"booked_as": kind.value, "instruction": instruction},
        always=True,
    )
    line, account = BOOKED[kind]
    market = market_accounts(entry.currency)
    booking = DebitBooking.objects.create(
        bank_entry=entry,
        booked_as=kind,
        instruction=repeated,
        organisation_id=repeated.organisation_id if repeated else None,
        reason=why,
        first_person=approval.first_person if approval else "",
        decided_by=actor.identifier,
        decided_at=clock.now(),
    )
    draft = Draft(
        kind=EntryKind.DEBIT,
        reference=f"debit:{entry.public_id}",
        lines=[Line(line, market[account], market[AccountKind.UNEXPLAINED], entry.amount_minor)],
        organisation_id=booking.organisation_id,
        description=why,
    )
    post([draft], currency=entry.currency, purpose=entry.public_id)
    record(
        kind="clearing.debit_booked",
        subject=entry.public_id,
        actor=actor,
        payload={
            "booking": booking.public_id,
            "booked_as": kind.value,
            "amount_minor": entry.amount_minor,
            "instruction": instruction,
            "first_person": booking.first_person,
            "reason": why,
        },
    )
    emit(DebitExplained(bank_entry=entry.public_id, booked_as=kind.value))
    return booking


_CHOICES = Label(
    "choose one of " + ", ".join(DebitKind.values), "次から選んでください: " + ", ".join(DebitKind.values)
)
_ONLY_TWICE = Label("name a payment only with paid_twice", "支払は paid_twice の場合にのみ指定してください")


def _suspended(bank_entry: str, direction: BankDirection) -> BankEntry:
    """The bank entry, in suspense and not decided on. Raises NotInSuspense, Missing."""
    entry = (
        BankEntry.objects.select_related("allocation", "debit_booking", "recoupment")
        .filter(public_id=bank_entry)
        .first()
    )
    if entry is None:
        raise Missing(kind="bank entry", identifier=bank_entry)
    decided = any(hasattr(entry, name) for name in ("allocation", "debit_booking", "recoupment"))
    if entry.match != BankMatch.UNALLOCATED or entry.direction != direction or decided:
        raise NotInSuspense(bank_entry=bank_entry)
    return entry


def _repeated(entry: BankEntry, instruction: str | None) -> SettlementInstruction:
    """The payment that was carried out twice. Raises FieldInvalid, Missing, NotRepeated."""
    if instruction is None:
        raise FieldInvalid(
            "instruction",
            Label("name the payment that was carried out twice", "二重に実行された支払を指定してください"),
        )
    found = SettlementInstruction.objects.filter(public_id=instruction).first()
    if found is None:
        raise Missing(kind="settlement instruction", identifier=instruction)
    made_again = (
        SettlementInstruction.objects.filter(instead_of=found)
        .exclude(state=InstructionState.CANCELLED)
        .exists()
    )
    same = (found.amount_minor, found.currency, found.direction) == (
        entry.amount_minor,
        entry.currency,
        PaymentDirection.OUT,
    )
    judged = (entry.instruction_id, entry.mismatch_code) == (found.pk, "failed_carried_out")
    is_failed = found.state == InstructionState.FAILED and (judged or made_again)
    if not same or not (found.state == InstructionState.CONFIRMED or is_failed):
        raise NotRepeated(bank_entry=entry.public_id, instruction=found.reference)
    return found


@record_refusals()
def recoup_debit(*, actor: Actor, bank_entry: str, debit: str) -> BankEntry:
    """Attribute a receipt in suspense to the reclaimed debit that it returns, wholly or in part; returns the receipt.

    ``debit`` is the public identifier of the debit's booking. Raises SecondPersonNeeded, NotInSuspense, NotReturnedBy,
    Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    MOVER_LOCK.acquire()
    entry = _suspended(bank_entry, BankDirection.CREDIT)
    booking = DebitBooking.objects.select_related("bank_entry").filter(public_id=debit).first()
    if booking is None:
        raise Missing(kind="debit booking", identifier=debit)
    fits = booking.booked_as in RETURNABLE and booking.bank_entry.currency == entry.currency
    if not fits or entry.amount_minor > open_minor(booking):
        raise NotReturnedBy(bank_entry=entry.public_id, debit=debit)
    approval = require_second_person(
        actor=actor,
        command="clearing.recoup_debit",
        subject=entry.public_id,
        payee="",
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        payload={"debit": debit},
        always=True,
    )
    first_person = approval.first_person if approval else ""
    Recoupment.objects.create(
        bank_entry=entry,
        debit=booking,
        first_person=first_person,
        decided_by=actor.identifier,
        decided_at=clock.now(),
    )
    market = market_accounts(entry.currency)
    _, account = BOOKED[DebitKind(booking.booked_as)]
    returned = Line(LineKind.RECOUPED, market[AccountKind.UNALLOCATED], market[account], entry.amount_minor)
    draft = Draft(
        kind=EntryKind.RECOUPMENT,
        reference=f"recoupment:{entry.public_id}",
        lines=[returned],
        organisation_id=booking.organisation_id,
    )
    post([draft], currency=entry.currency, purpose=entry.public_id)
    record(
        kind="clearing.debit_recouped",
        subject=entry.public_id,
        actor=actor,
        payload={"booking": debit, "amount_minor": entry.amount_minor, "first_person": first_person},
    )
    return BankEntry.objects.get(pk=entry.pk)
