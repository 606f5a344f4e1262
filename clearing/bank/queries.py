"""Reads bank entries in suspense, receipts that wait for confirmation, and pay-in references."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Missing
from marketplace.participants.queries import get_organisation

from ..ground.scopes import own_key
from ..settlement.models import ClientAccount
from .bank_statement import StatementAccount
from .models import BankStatement, UnconfirmedReceipt
from .pay_in_reference import pay_in_reference_of
from .states import UNCONFIRMED


@dataclass(frozen=True, slots=True)
class StatementEnd:
    """Where the imported statements of a currency end: the next one begins here. ``closed_on`` is None before the first."""

    account: str
    closed_on: date | None
    balance_minor: int


def statement_end(currency: str) -> StatementEnd:
    """Where the next bank statement begins. Raises Missing if no client account is registered."""
    account = ClientAccount.objects.filter(currency=currency).order_by("-pk").first()
    if account is None:
        raise Missing(kind="client account", identifier=currency)
    stated = StatementAccount(
        account.bank_code, account.branch_code, account.account_type, account.account_number
    )
    newest = BankStatement.objects.filter(currency=currency).order_by("-number").first()
    if newest is None:
        return StatementEnd(str(stated), None, 0)
    return StatementEnd(str(stated), newest.closing_on, newest.closing_balance_minor)


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
