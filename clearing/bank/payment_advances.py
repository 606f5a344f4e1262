"""Changes of payments that a bank statement reports, decided line by line and written as sets."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from marketplace.kernel import clock
from marketplace.kernel.errors import StaleState
from marketplace.kernel.states import advance_all

from ..settlement.models import SettlementInstruction
from ..settlement.states import INSTRUCTION, InstructionState


class PaymentAdvances:
    """The payments that a statement confirms, returns and withdraws.

    A payment may change twice in one statement: confirmed, then returned; or returned, then debited. Each method changes the
    row in memory for the lines that follow; ``write`` makes it so in the database.
    """

    def __init__(self) -> None:
        """Begin without changes."""
        self.now: datetime = clock.now()
        self.withdrawn: list[SettlementInstruction] = []
        self.confirmed: list[SettlementInstruction] = []
        self.debited: list[SettlementInstruction] = []
        self.returned: list[SettlementInstruction] = []

    def withdraw(self, payment: SettlementInstruction) -> None:
        """Cancel a planned payment, because the bank carried out the one that it replaces."""
        self._move(payment, "cancel")
        payment.cancelled_at, payment.held_back = self.now, ""
        self.withdrawn.append(payment)

    def carry_out(self, payment: SettlementInstruction, *, was_returned: bool) -> None:
        """Confirm a payment; one that was returned before its debit stays failed."""
        payment.confirmed_at = self.now
        if was_returned:
            self.debited.append(payment)
            return
        self._move(payment, "confirm")
        self.confirmed.append(payment)

    def return_payment(self, payment: SettlementInstruction) -> None:
        """Fail a payment that came back; one that was reported as failed stays so."""
        if payment.state != InstructionState.FAILED:
            self._move(payment, "return")
            self.returned.append(payment)

    def _move(self, payment: SettlementInstruction, command: str) -> None:
        payment.state = INSTRUCTION.target(state=payment.state, command=command, role="system")

    def write(self) -> None:
        """Write all changes, in the order in which they can follow each other. Raises StaleState."""
        self._advance("cancel", self.withdrawn, cancelled_at=self.now, held_back="")
        confirmed = {payment.pk for payment in self.confirmed}
        returning = {
            "failed_at": Coalesce(F("failed_at"), Value(self.now)),
            "failure_reason": "returned by the bank",
        }
        first = [payment for payment in self.returned if payment.pk not in confirmed]
        self._advance("return", first, **returning)
        came_back = {payment.pk for payment in self.returned} & confirmed
        # Of a payment and those that replace it, one is alive at a time: what came back is over before the next is confirmed.
        for wave in _waves([payment for payment in self.confirmed if payment.pk in came_back]):
            self._advance("confirm", wave, confirmed_at=self.now, held_back="")
            self._advance("return", wave, **returning)
        stay = [payment for payment in self.confirmed if payment.pk not in came_back]
        self._advance("confirm", stay, confirmed_at=self.now, held_back="")
        keys = [payment.pk for payment in self.debited]
        SettlementInstruction.objects.filter(pk__in=keys).update(confirmed_at=self.now)

    def _advance(self, command: str, payments: list[SettlementInstruction], **changes: Any) -> None:
        rows = SettlementInstruction.objects.filter(pk__in=[payment.pk for payment in payments])
        if advance_all(rows, INSTRUCTION, command=command, role="system", **changes) != len(payments):
            raise StaleState(machine=INSTRUCTION.name, state=command)


def _waves(payments: list[SettlementInstruction]) -> list[list[SettlementInstruction]]:
    """``payments`` in their order, in as few groups as have one payment of a cycle to a payee each."""
    waves: list[list[SettlementInstruction]] = []
    seen: Counter[tuple[int | None, int]] = Counter()
    for payment in payments:
        place = seen[payment.cycle_id, payment.organisation_id]
        seen[payment.cycle_id, payment.organisation_id] += 1
        if place == len(waves):
            waves.append([])
        waves[place].append(payment)
    return waves
