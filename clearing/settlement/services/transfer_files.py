"""Writes transfer files for the bank."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from django.forms.models import model_to_dict

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import digest_of, sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance_all

from ...approvals.services import require_second_person
from ...cycles.errors import CycleIsPaused
from ...cycles.models import Cycle
from ...cycles.queries import value_date
from ...cycles.states import FINAL_STATES, CycleState
from ...ledger.queries import client_money, may_pay_abroad
from ..attachments import attached_payments
from ..errors import (
    ClientAccountMissing,
    ClientMoneyShort,
    NothingToTransfer,
    TransferNotPossible,
)
from ..models import SettlementInstruction, TransferFile
from ..payability import hindrance_to, payees_of
from ..queries import client_account
from ..restorations import require_sending_open
from ..routes import require_route, route_for
from ..routes.route import PlannedPayment, Unwritable
from ..sanctions import sanctioned_payments
from ..states import INSTRUCTION, Hindrance, InstructionState, PaymentDirection

NO_CYCLE = Label("without a cycle", "サイクルなし")
PAYING_STATES = (CycleState.SETTLING, *FINAL_STATES)
NOT_ROUTED = ("id", "public_id", "currency", "effective_from", "approval", "registered_by", "registered_at")
"""Columns of a client account that are not fields of the bank account."""


@dataclass(frozen=True)
class _Batch:
    """The payments of a transfer file: of a cycle, or of no cycle in a currency."""

    cycle: Cycle | None
    currency: str

    @property
    def name(self) -> str:
        """Its name for people: business key of the cycle, or currency."""
        return self.cycle.business_key if self.cycle else self.currency

    @property
    def state(self) -> str:
        """The state of the cycle, or that there is none, for a refusal."""
        return self.cycle.state if self.cycle else NO_CYCLE


@dataclass(frozen=True, slots=True)
class _SortedPayments:
    """Planned payments: the payable ones as the route takes them, and the others with the reason."""

    payable: list[tuple[SettlementInstruction, PlannedPayment]]
    left_out: list[dict[str, str]]


@record_refusals()
def create_transfer_file(
    *, actor: Actor, cycle: str | None = None, currency: str | None = None
) -> TransferFile:
    """Write planned payments into a transfer file for the bank; their state becomes ``sending``.

    They are the payments of a ``cycle``, or the payments of no cycle (returns of idle money) in a ``currency``. A
    payment to a payee without an account, or abroad where that is not allowed, or that a court attached, or under sanctions,
    stays planned; ``left_out`` of the file lists it. If a cycle has no payment left to write, returns its last file, so repeating the command makes no second
    payment. Raises CycleIsPaused, SendingIsShut, SecondPersonNeeded for a large total, NothingToTransfer, ClientAccountMissing,
    ClientMoneyShort, RouteMissing, TransferNotPossible, FieldInvalid, Missing, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    batch = _batch_of(cycle, currency)
    require_route(batch.currency)
    require_sending_open(batch.currency)
    planned = _sort_payments(batch)
    if not planned.payable:
        last = TransferFile.objects.filter(cycle=batch.cycle).order_by("-pk").first() if batch.cycle else None
        if last is None:
            raise NothingToTransfer(cycle=batch.name, state=batch.state)
        return last
    _require_client_money(batch.currency)
    paid_on = value_date(batch.currency)
    payments = [payment for _, payment in planned.payable]
    content = _file_content(batch.currency, payments, paid_on)
    _require_second_person(actor, batch, payments)
    made = TransferFile.objects.create(
        cycle=batch.cycle,
        content=content,
        sha256=sha256_hex(content),
        records=len(payments),
        total_minor=sum(payment.amount_minor for payment in payments),
        currency=batch.currency,
        value_date=paid_on,
        left_out=planned.left_out,
        made_at=clock.now(),
    )
    # The rows are locked and planned, and were read in this transaction.
    advance_all(
        SettlementInstruction.objects.filter(pk__in=[instruction.pk for instruction, _ in planned.payable]),
        INSTRUCTION,
        command="send",
        role="operator",
        transfer_file=made,
        value_date=paid_on,
        held_back="",
    )
    record(
        kind="clearing.transfer_file_made",
        subject=made.public_id,
        actor=actor,
        payload={
            "cycle": batch.name,
            "sha256": made.sha256,
            "records": made.records,
            "total_minor": made.total_minor,
            "left_out": len(made.left_out),
        },
    )
    return made


def _batch_of(cycle: str | None, currency: str | None) -> _Batch:
    if (cycle is None) == (currency is None):
        raise FieldInvalid(
            "cycle",
            Label("name a cycle, or else a currency", "サイクルまたは通貨のいずれか一方を指定してください"),
        )
    if currency is not None:
        return _Batch(None, currency)
    subject = Cycle.objects.select_for_update(no_key=True).filter(public_id=cycle).first()
    if subject is None:
        raise Missing(kind="cycle", identifier=cycle)
    if subject.paused_since is not None:
        raise CycleIsPaused(cycle=subject.business_key, reason=subject.pause_reason)
    return _Batch(subject, subject.currency)


def _sort_payments(batch: _Batch) -> _SortedPayments:
    """Planned payments out, locked in key order; records the hindrance of each that cannot be made."""
    if batch.cycle is not None and batch.cycle.state not in PAYING_STATES:
        return _SortedPayments([], [])
    instructions = list(
        SettlementInstruction.objects.select_for_update(no_key=True)
        .filter(
            cycle=batch.cycle,
            currency=batch.currency,
            state=InstructionState.PLANNED,
            direction=PaymentDirection.OUT,
        )
        .order_by("pk")
    )
    payees = payees_of(instructions)
    abroad = may_pay_abroad(batch.currency)
    parties = {instruction.organisation_id for instruction in instructions}
    attached = attached_payments(parties, batch.currency) if parties else set()
    sanctioned = sanctioned_payments(instructions)
    found = _SortedPayments([], [])
    for instruction in instructions:
        payee = payees[instruction.pk]
        hindrance = hindrance_to(payee, currency=batch.currency, cross_border_allowed=abroad)
        if instruction.pk in attached:
            hindrance = Hindrance.ATTACHED.value
        if instruction.pk in sanctioned:
            hindrance = Hindrance.SANCTIONED.value
        if not hindrance:
            payment = PlannedPayment(instruction.reference, instruction.amount_minor, payee)
            found.payable.append((instruction, payment))
            continue
        found.left_out.append({"reference": instruction.reference, "reason": hindrance})
        if instruction.held_back != hindrance:
            instruction.held_back = hindrance
            instruction.save(update_fields=["held_back"])
    return found


def _require_second_person(actor: Actor, batch: _Batch, payments: list[PlannedPayment]) -> None:
    """The command that both people give: the same payments to the same accounts."""
    require_second_person(
        actor=actor,
        command="clearing.transfer_file",
        subject=batch.cycle.public_id if batch.cycle else batch.currency,
        payee="",
        amount_minor=sum(payment.amount_minor for payment in payments),
        currency=batch.currency,
        payload={"records": len(payments), "payments_sha256": digest_of([asdict(row) for row in payments])},
    )


def _require_client_money(currency: str) -> None:
    money = client_money(currency)
    if money.bank_minor < money.owed_minor:
        raise ClientMoneyShort(missing_minor=money.owed_minor - money.bank_minor, currency=currency)


def _file_content(currency: str, payments: list[PlannedPayment], value_date: date) -> bytes:
    account = client_account(currency)
    if account is None:
        raise ClientAccountMissing(currency=currency)
    originator = model_to_dict(account, exclude=NOT_ROUTED)
    try:
        return route_for(currency).render(originator=originator, payments=payments, value_date=value_date)
    except Unwritable as error:
        reference = error.reference or payments[0].reference
        raise TransferNotPossible(reference=reference, what=error.field) from error
