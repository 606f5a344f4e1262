"""Reads bank entries in suspense, receipts that wait for confirmation, and pay-in references."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import BigIntegerField, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Missing
from marketplace.participants.queries import get_organisation

from ..ground.scopes import own_key
from ..settlement.models import SettlementInstruction
from ..settlement.queries import client_account
from .bank_statement import StatementAccount
from .debit_models import DebitBooking, Recoupment
from .models import BankEntry, BankStatement, StatementConfirmation, UnconfirmedReceipt
from .pay_in_reference import pay_in_reference_of
from .states import UNCONFIRMED, BankMatch


@dataclass(frozen=True, slots=True)
class StatementEnd:
    """Where the imported statements of a currency end: the next one begins here. ``closed_on`` is None before the first."""

    account: str
    closed_on: date | None
    balance_minor: int


def statement_end(currency: str) -> StatementEnd:
    """Where the next bank statement begins. Raises Missing if no client account is registered."""
    account = client_account(currency)
    if account is None:
        raise Missing(kind="client account", identifier=currency)
    stated = StatementAccount(
        account.bank_code, account.branch_code, account.account_type, account.account_number
    )
    newest = BankStatement.objects.filter(currency=currency).order_by("-number").first()
    if newest is None:
        return StatementEnd(str(stated), None, 0)
    return StatementEnd(str(stated), newest.closing_on, newest.closing_balance_minor)


def confirmed_statement(currency: str) -> BankStatement | None:
    """The newest imported statement of a currency whose closing balance a second person confirmed; None without one."""
    newest = (
        StatementConfirmation.objects.filter(statement_import__statement__currency=currency)
        .select_related("statement_import__statement")
        .defer("statement_import__content")
        .order_by("-statement_import__statement__number")
        .first()
    )
    return newest.statement_import.statement if newest else None


def pay_in_reference(*, organisation: str) -> str:
    """The pay-in reference of a participant. Raises Missing."""
    return pay_in_reference_of(get_organisation(organisation).id)


def unconfirmed_receipts(*, actor: Actor) -> QuerySet[UnconfirmedReceipt]:
    """Receipts of statements that wait for confirmation: the actor's own, or all for the operator."""
    rows = UnconfirmedReceipt.objects.filter(statement_import__state__in=UNCONFIRMED).select_related(
        "statement_import"
    )
    if actor.role is Role.PARTICIPANT:
        rows = rows.filter(organisation_id=own_key(actor))
    return rows.order_by("-pk")


def entries_of_payments(payments: Collection[SettlementInstruction]) -> list[tuple[int, BankEntry]]:
    """The bank entries that name ``payments``, and the debits of whole files that carried them out, by key of the payment."""
    in_files = {row.transfer_file_id for row in payments if row.transfer_file_id and row.confirmed_at}
    rows = BankEntry.objects.filter(Q(instruction__in=payments) | Q(transfer_file__in=in_files)).order_by(
        "pk"
    )
    entries = list(rows)
    found = [(entry.instruction_id, entry) for entry in entries if entry.instruction_id is not None]
    settled = {payment for payment, entry in found if entry.match == BankMatch.SETTLEMENT}
    debits = {entry.transfer_file_id: entry for entry in entries if entry.transfer_file_id is not None}
    for payment in payments:
        debit = debits.get(payment.transfer_file_id or 0)
        if debit is not None and payment.confirmed_at and payment.pk not in settled:
            found.append((payment.pk, debit))
    return found


def debit_bookings() -> QuerySet[DebitBooking]:
    """All booked debits, the newest first, each with ``recouped_minor``: what of it came back."""
    rows = DebitBooking.objects.select_related("bank_entry", "instruction")
    recouped = Coalesce(Sum("recoupments__bank_entry__amount_minor"), 0, output_field=BigIntegerField())
    return rows.annotate(recouped_minor=recouped).order_by("-pk")


def open_minor(booking: DebitBooking) -> int:
    """What of a booked debit has not come back, if it is of a kind that does."""
    rows = Recoupment.objects.filter(debit=booking).aggregate(total=Sum("bank_entry__amount_minor"))
    return booking.bank_entry.amount_minor - int(rows["total"] or 0)
