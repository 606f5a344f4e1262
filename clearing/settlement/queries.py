"""Reads settlement instructions and transfer files."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from marketplace.kernel.actors import Actor
from marketplace.participants.queries import organisations_by_id

from ..ground.scopes import own_key
from .models import SettlementInstruction


@dataclass(frozen=True, slots=True)
class PlannedTransfer:
    """One payment of a transfer file: payee, amount, and reference."""

    payee: str
    amount_minor: int
    currency: str
    reference: str


def transfers_in(transfer_file: str) -> list[PlannedTransfer]:
    """The payments of a transfer file in file order; the payee by the account holder's name."""
    rows = list(SettlementInstruction.objects.filter(transfer_file__public_id=transfer_file).order_by("pk"))
    payees = organisations_by_id(row.organisation_id for row in rows)
    found = []
    for row in rows:
        account = payees[row.organisation_id].payout_account
        holder = account.account_holder_kana if account else ""
        found.append(PlannedTransfer(holder, row.amount_minor, row.currency, row.reference))
    return found


def visible_instructions(actor: Actor) -> QuerySet[SettlementInstruction]:
    """Settlement payments of the actor's organisation; all payments for the operator."""
    rows = SettlementInstruction.objects.select_related("cycle", "transfer_file", "instead_of")
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))
