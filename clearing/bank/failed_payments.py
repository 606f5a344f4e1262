"""Payments that the bank reported as failed, or returned, before it debited them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from ..settlement.models import SettlementInstruction
from ..settlement.operator_money import free_operator_money
from ..settlement.planning import unclaimed_minor
from ..settlement.states import InstructionState
from .models import BankEntry
from .states import BankMatch


def payments_of_the_same(keys: Iterable[int]) -> set[int]:
    """``keys`` of payments, with the keys of all that they replace and that replace them, one after another."""
    found, latest = set(keys), set(keys)
    while latest:
        rows = SettlementInstruction.objects.filter(Q(instead_of__in=latest) | Q(pk__in=latest))
        named = {key for pair in rows.values_list("pk", "instead_of") for key in pair if key is not None}
        latest = named - found
        found |= latest
    return found


def lock_payments_of_the_same(keys: Iterable[int]) -> list[SettlementInstruction]:
    """The ``payments_of_the_same``, locked until the transaction ends, with one that was planned while this waited."""
    found = payments_of_the_same(keys)
    while True:
        rows = SettlementInstruction.objects.select_for_update(no_key=True).filter(pk__in=found)
        locked = list(rows.order_by("pk"))
        if (again := payments_of_the_same(found)) == found:
            return locked
        found = again


class FailedPayments:
    """What becomes of debits of payments that had failed; sees what earlier lines of the statement changed."""

    def __init__(self, locked: Iterable[SettlementInstruction]) -> None:
        """``locked``: the named payments and all that they replace and that replace them, locked."""
        payments = list(locked)
        self.replacements = {row.instead_of_id: row for row in payments if row.instead_of_id is not None}
        self.payments = {row.pk: row for row in payments}
        self.returned_early = set(
            BankEntry.objects.filter(
                instruction__in=[row.pk for row in payments],
                match=BankMatch.RETURNED,
                instruction__confirmed_at=None,
            ).values_list("instruction_id", flat=True)
        )
        self.taken: dict[tuple[int, str], int] = {}

    def was_never_carried_out(self, payment: SettlementInstruction) -> bool:
        """Whether the payment failed without a debit, so that a debit of it is its first."""
        return payment.state == InstructionState.FAILED and payment.confirmed_at is None

    def alive_instead_of(self, payment: SettlementInstruction) -> SettlementInstruction | None:
        """The payment of the same money, replaced by ``payment`` or replacing it, that is not over without money, if any.

        There is one at most.
        """
        first = payment
        while first.instead_of_id is not None:
            first = self.payments[first.instead_of_id]
        same, later = [first], self.replacements.get(first.pk)
        while later is not None:
            same.append(later)
            later = self.replacements.get(later.pk)
        over = (InstructionState.FAILED, InstructionState.CANCELLED)
        return next((row for row in same if row.pk != payment.pk and row.state not in over), None)

    def is_still_owed(self, payment: SettlementInstruction, *, of_operator: bool) -> bool:
        """Whether the market still owes what the bank paid after all: nothing of it was paid again, sent, or used."""
        replacement = self.alive_instead_of(payment)
        if replacement is not None and replacement.state != InstructionState.PLANNED:
            return False
        if of_operator:
            again = replacement.amount_minor if replacement is not None else 0
            free = free_operator_money(payment.currency) + again
            return free - self.taken.get(_owner(payment), 0) >= payment.amount_minor
        free = unclaimed_minor(payment.organisation_id, payment.currency)
        free += replacement.amount_minor if replacement is not None else 0
        return free - self.taken.get(_owner(payment), 0) >= payment.amount_minor

    def take(self, payment: SettlementInstruction) -> SettlementInstruction | None:
        """Count ``payment`` as carried out; returns the planned payment that is withdrawn because of it, if any."""
        withdrawn = self.alive_instead_of(payment)
        owed_again = withdrawn.amount_minor if withdrawn is not None else 0
        self.taken[_owner(payment)] = self.taken.get(_owner(payment), 0) + payment.amount_minor - owed_again
        return withdrawn


def _owner(payment: SettlementInstruction) -> tuple[int, str]:
    return payment.organisation_id, payment.currency
