"""Debits of whole transfer files: the bank debits a 総合振込 as one total, and returns single payments of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Q

from marketplace.kernel.clock import business_date

from ..settlement.models import SettlementInstruction, TransferFile
from ..settlement.states import InstructionState
from .bank_statement import BankStatementLine

ON_THEIR_WAY = (InstructionState.SENDING, InstructionState.UNKNOWN)


def files_that_fit(lines: Sequence[BankStatementLine]) -> dict[int, TransferFile]:
    """Transfer files of which nothing was debited singly and that one of ``lines``, debits without a reference, may be."""
    if not lines:
        return {}
    open_files = set(
        SettlementInstruction.objects.filter(state__in=ON_THEIR_WAY, transfer_file__isnull=False).values_list(
            "transfer_file_id", flat=True
        )
    )
    largest = Q(total_minor__gte=min(line.amount_minor for line in lines))
    rows = TransferFile.objects.filter(largest, pk__in=open_files).defer("content")
    return {row.pk: row for row in rows}


class FileDebits:
    """Recognises debits of whole files, by currency and total, where exactly one file can be meant."""

    def __init__(self, files: dict[int, TransferFile], locked: Iterable[SettlementInstruction]) -> None:
        """``locked``: the payments of ``files``, among others."""
        self.files = files
        self.payments: dict[int, list[SettlementInstruction]] = defaultdict(list)
        for payment in locked:
            if payment.transfer_file_id in files:
                self.payments[payment.transfer_file_id].append(payment)

    def recognise(self, line: BankStatementLine) -> list[tuple[TransferFile, list[SettlementInstruction]]]:
        """The files that ``line`` may be the debit of, each with the payments that it carries out, in key order.

        A file fits if the debit is of all its payments, or of all that did not fail, and none of them was debited yet.
        """
        found = []
        for key, file in self.files.items():
            payments = sorted(self.payments[key], key=lambda payment: payment.pk)
            if file.currency != line.currency or line.booked_on < business_date(file.made_at):
                continue
            if any(payment.confirmed_at or _is_confirmed(payment) for payment in payments):
                continue
            on_their_way = [payment for payment in payments if payment.state in ON_THEIR_WAY]
            carried_out = next(
                (some for some in (payments, on_their_way) if _total(some) == line.amount_minor), None
            )
            if carried_out and on_their_way:
                found.append((file, carried_out))
        return found


def _is_confirmed(payment: SettlementInstruction) -> bool:
    return payment.state == InstructionState.CONFIRMED


def _total(payments: Iterable[SettlementInstruction]) -> int:
    return sum(payment.amount_minor for payment in payments)
