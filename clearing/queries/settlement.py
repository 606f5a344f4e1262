"""Reading settlement and the bank's bookings."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor
from marketplace.participants.queries import get_organisation, organisations_by_id

from ..deposit_reference import deposit_reference_of
from ..models import BankEntry, SettlementInstruction
from ..states import BankMatch
from .sight import own_key


@dataclass(frozen=True, slots=True)
class PlannedTransfer:
    """One payment of a transfer file: to whom, how much, and the reference that travels with it."""

    payee: str
    amount_minor: int
    currency: str
    reference: str


def transfers_in(transfer_file: str) -> list[PlannedTransfer]:
    """The payments of a transfer file, in its order; the payee by the account holder's name."""
    rows = list(SettlementInstruction.objects.filter(transfer_file__public_id=transfer_file).order_by("pk"))
    payees = organisations_by_id(row.organisation_id for row in rows)
    found = []
    for row in rows:
        account = payees[row.organisation_id].payout_account
        holder = account.account_holder_kana if account else ""
        found.append(PlannedTransfer(holder, row.amount_minor, row.currency, row.reference))
    return found


def deposit_reference(*, organisation: str) -> str:
    """The reference that a participant states when it pays in. Raises Missing."""
    return deposit_reference_of(get_organisation(organisation).id)


def visible_instructions(actor: Actor) -> QuerySet[SettlementInstruction]:
    """Settlement payments of the actor's organisation; every one, for the operator."""
    rows = SettlementInstruction.objects.select_related("cycle", "transfer_file", "instead_of")
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))


def unallocated_receipts() -> QuerySet[BankEntry]:
    """Bookings that nobody recognised and the operator has not allocated."""
    return BankEntry.objects.filter(match=BankMatch.UNALLOCATED, allocation=None)
