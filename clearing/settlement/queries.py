"""Reads settlement instructions and transfer files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.waiting import Waiting

from ..cycles.waiting import waiting_of_pause
from ..ground.scopes import own_key
from ..ledger.models import Entry
from ..ledger.queries import may_pay_abroad
from .attachments import attached_payments
from .models import ClientAccount, SettlementInstruction
from .payability import hindrance_to, payees_of
from .reserve_models import ReserveReduction
from .restorations import ShutBy, shut_currencies
from .sanctions import sanctioned_payments
from .states import Hindrance, InstructionState, PaymentDirection
from .still_due import still_due
from .waiting import (
    ABROAD,
    ATTACHED,
    CREDITOR_UNPAID,
    FAILED,
    NO_ACCOUNT,
    NO_ROUTE,
    OPERATOR_PAYS_IN,
    PLANNED,
    RESTORATION_UNCOUNTED,
    SANCTIONED,
    SENDING_SHUT,
    SENT,
    UNKNOWN,
)


def client_account(currency: str) -> ClientAccount | None:
    """The client account of a currency in force now; None if none is."""
    rows = ClientAccount.objects.filter(currency=currency, effective_from__lte=clock.now())
    return rows.order_by("effective_from", "pk").last()


def reserve_reductions() -> QuerySet[ReserveReduction]:
    """All reductions of the reserve, with whether they are carried out (``lowered``); everybody reads them."""
    return ReserveReduction.objects.annotate(lowered=_is_lowered())


def reductions_due() -> QuerySet[ReserveReduction]:
    """The reductions of the reserve whose day has come and which are not carried out, the oldest first."""
    return reserve_reductions().filter(~_is_lowered(), effective_from__lte=clock.now()).order_by("pk")


def _is_lowered() -> Exists:
    """Whether a reduction of the reserve is posted."""
    return Exists(Entry.objects.filter(reference=Concat(Value("reserve_lowered:"), OuterRef("public_id"))))


@dataclass(frozen=True, slots=True)
class PlannedTransfer:
    """One payment of a transfer file: payee, amount, and reference."""

    payee: str
    amount_minor: int
    currency: str
    reference: str


def transfers_in(transfer_file: str) -> list[PlannedTransfer]:
    """The payments of a transfer file in file order; the payee by the holder of the account that was used then."""
    rows = list(
        SettlementInstruction.objects.select_related("transfer_file")
        .filter(transfer_file__public_id=transfer_file)
        .order_by("pk")
    )
    made = {row.transfer_file for row in rows if row.transfer_file is not None}
    payees = payees_of(rows, on=next((clock.business_date(file.made_at) for file in made), None))
    found = []
    for row in rows:
        account = payees[row.pk].account
        holder = account["account_holder_kana"] if account else ""
        found.append(PlannedTransfer(holder, row.amount_minor, row.currency, row.reference))
    return found


def visible_instructions(actor: Actor) -> QuerySet[SettlementInstruction]:
    """Settlement payments of the actor's organisation; all payments for the operator."""
    rows = SettlementInstruction.objects.select_related(
        "cycle", "transfer_file", "instead_of", "creditor_payment__restraint"
    )
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))


REASON_OF_HINDRANCE = {
    Hindrance.NO_ACCOUNT: NO_ACCOUNT,
    Hindrance.ABROAD: ABROAD,
    Hindrance.NO_ROUTE: NO_ROUTE,
    Hindrance.ATTACHED: ATTACHED,
    Hindrance.SANCTIONED: SANCTIONED,
}
UNSENT_STATES = (InstructionState.PLANNED, InstructionState.FAILED)


def carried_out_before(payments: Collection[SettlementInstruction]) -> set[int]:
    """Keys of those of ``payments`` that replace, directly or through others, a payment that the bank carried out after all."""
    replaced = {
        payment.pk: payment.instead_of_id for payment in payments if payment.instead_of_id is not None
    }
    found: set[int] = set()
    while replaced:
        rows = SettlementInstruction.objects.filter(pk__in=set(replaced.values()))
        earlier = {row.pk: row for row in rows.only("state", "instead_of")}
        states = {key: earlier[replaces] for key, replaces in replaced.items()}
        found |= {key for key, row in states.items() if row.state == InstructionState.CONFIRMED}
        replaced = {
            key: row.instead_of_id
            for key, row in states.items()
            if key not in found and row.instead_of_id is not None
        }
    return found


class PaymentReadings:
    """The payability and replacement of payments, read once for all of them.

    That is: whether their payees can be paid now, and which failed payments were made again.
    """

    def __init__(self, payments: Collection[SettlementInstruction]) -> None:
        """Read the rows for ``payments``; it answers for these payments only."""
        self.payments = {payment.pk for payment in payments}
        unsent = [payment for payment in payments if payment.state in UNSENT_STATES]
        payees = payees_of(unsent) if unsent else {}
        abroad = {currency: may_pay_abroad(currency) for currency in {row.currency for row in unsent}}
        self._hindrances = {
            payment.pk: hindrance_to(
                payees[payment.pk],
                currency=payment.currency,
                cross_border_allowed=abroad[payment.currency],
            )
            for payment in unsent
            if payment.direction == PaymentDirection.OUT
        }
        self._hindrances |= dict.fromkeys(_attached(unsent), Hindrance.ATTACHED.value)
        self._hindrances |= dict.fromkeys(sanctioned_payments(unsent), Hindrance.SANCTIONED.value)
        self._shut = shut_currencies(sorted({row.currency for row in unsent})) if unsent else {}
        failed = [payment for payment in unsent if payment.state == InstructionState.FAILED]
        again = SettlementInstruction.objects.filter(instead_of__in=failed)
        made_again = set(again.values_list("instead_of_id", flat=True)) if failed else set()
        used_up = {key for key, minor in still_due(failed).items() if not minor}
        self._over = made_again | carried_out_before(failed) | used_up
        self._to_creditors = _still_to_creditors(failed)

    def waiting(self, payment: SettlementInstruction) -> Waiting | None:
        """The reason why ``payment`` waits.

        None if it is confirmed, was replaced, replaces what was carried out, or failed and was set off since.
        """
        if payment.pk in self._over:
            return None
        return waiting_of_payment(
            payment,
            hindrance=self._hindrances.get(payment.pk, ""),
            shut_by=self._shut.get(payment.currency),
            to_creditor=payment.pk in self._to_creditors,
        )


def _attached(unsent: Collection[SettlementInstruction]) -> set[int]:
    """Keys of the payments that attachments hold back, with others of the same participants."""
    parties: dict[str, set[int]] = {}
    for payment in unsent:
        if payment.state == InstructionState.PLANNED and payment.direction == PaymentDirection.OUT:
            parties.setdefault(payment.currency, set()).add(payment.organisation_id)
    return {key for currency, named in parties.items() for key in attached_payments(named, currency)}


def _still_to_creditors(failed: Collection[SettlementInstruction]) -> set[int]:
    """Keys of the failed payments to creditors whose attachment is in force: what they were to pay stays attached."""
    keys = [payment.pk for payment in failed if payment.creditor_payment_id is not None]
    if not keys:
        return set()
    rows = SettlementInstruction.objects.filter(pk__in=keys, creditor_payment__restraint__lifted_by=None)
    return set(rows.values_list("pk", flat=True))


def waiting_of_payment(
    payment: SettlementInstruction, *, hindrance: str, shut_by: ShutBy | None, to_creditor: bool
) -> Waiting | None:
    """The reason why a payment without replacement waits; None if it is confirmed or cancelled.

    ``hindrance`` is why its payee cannot be paid now (a Hindrance), or the empty text; ``shut_by`` the restoration for
    which no payment in its currency is sent; ``to_creditor``: it was to pay a creditor whose attachment is in force.
    """
    state = InstructionState(payment.state)
    if state in (InstructionState.CONFIRMED, InstructionState.CANCELLED):
        return None
    if state == InstructionState.SENDING:
        return SENT.waiting(until=payment.value_date)
    if state == InstructionState.UNKNOWN:
        return UNKNOWN.waiting(since=payment.value_date)
    since = payment.failed_at or payment.planned_at
    if hindrance:
        return REASON_OF_HINDRANCE[Hindrance(hindrance)].waiting(since=since)
    if state == InstructionState.FAILED:
        return (CREDITOR_UNPAID if to_creditor else FAILED).waiting(since=since)
    paused = waiting_of_pause(payment.cycle) if payment.cycle else None
    if paused:
        return paused
    if payment.direction == PaymentDirection.IN:
        return OPERATOR_PAYS_IN.waiting(since=since, until=payment.send_by)
    if shut_by is not None:
        reason = SENDING_SHUT if shut_by.restoration else RESTORATION_UNCOUNTED
        return reason.waiting(since=shut_by.since)
    return PLANNED.waiting(since=since, until=payment.send_by)
