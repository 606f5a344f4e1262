"""Payments that the bank carried out more than once: which debits are unexplained, and which are reclaimed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ..settlement.models import SettlementInstruction
from .debit_models import DebitBooking
from .models import BankEntry
from .states import BankDirection, BankMatch, DebitKind


class Repeated:
    """The open debits of some payments beyond the first, read in two queries."""

    def __init__(self, instructions: Iterable[SettlementInstruction]) -> None:
        """Read the open debits that name ``instructions``."""
        keys = [instruction.pk for instruction in instructions]
        self.unexplained = set(
            BankEntry.objects.filter(
                instruction__in=keys,
                direction=BankDirection.DEBIT,
                match=BankMatch.UNALLOCATED,
                mismatch_code="not_expected",
                debit_booking=None,
            ).values_list("instruction_id", flat=True)
        )
        self.reclaimed: dict[int, list[DebitBooking]] = defaultdict(list)
        bookings = DebitBooking.objects.filter(
            booked_as=DebitKind.PAID_TWICE, instruction__in=keys, recoupments=None
        )
        for booking in bookings.order_by("pk"):
            self.reclaimed[booking.instruction_id or 0].append(booking)

    def add_unexplained(self, instruction: SettlementInstruction) -> None:
        """A line of the statement is a further debit of ``instruction``."""
        self.unexplained.add(instruction.pk)

    def is_unexplained(self, instruction: SettlementInstruction) -> bool:
        """Whether a further debit of ``instruction`` is in suspense, so that nobody knows yet which one came back."""
        return instruction.pk in self.unexplained

    def take_reclaimed(self, instruction: SettlementInstruction) -> DebitBooking | None:
        """The earliest booking of a second carrying-out of ``instruction`` that nothing returned yet; taken once."""
        bookings = self.reclaimed[instruction.pk]
        return bookings.pop(0) if bookings else None
