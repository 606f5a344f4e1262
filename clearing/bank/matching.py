"""Recognises bank entries on the client account by their references, never by name; only a whole file by its total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from marketplace.participants.queries import OrganisationView, organisations_by_id

from ..cycles.models import Cycle
from ..ledger.states import AccountKind
from ..settlement.models import SettlementInstruction, TransferFile
from ..settlement.routes import ROUTES, route_for
from ..settlement.states import INSTRUCTION, InstructionState, PaymentDirection
from .bank_statement import BankStatementLine
from .debit_models import DebitBooking
from .failed_payments import FailedPayments, lock_payments_of_the_same
from .file_debits import FileDebits, files_that_fit
from .pay_in_reference import find_pay_in_references
from .repeated import Repeated
from .states import BankDirection, BankMatch

CONFIRMABLE = tuple(
    state
    for state in InstructionState
    if "confirm" in INSTRUCTION.commands(state=state, role="system") and state != InstructionState.FAILED
)
RETURNED_EARLY = (InstructionState.SENDING, InstructionState.UNKNOWN, InstructionState.FAILED)
TOUCHED_KINDS = (AccountKind.AVAILABLE, AccountKind.RECEIVABLE, AccountKind.CLAIM)


@dataclass(frozen=True, slots=True)
class Recognised:
    """The recognised owner (``payer``) or payment (``instruction``, ``payee``) of a bank entry.

    ``named`` is the payment that an unrecognised entry names; ``debit`` the booking of the second carrying-out of a payment
    that a receipt returns. ``before_debit``: a return before its debit, or the debit after it. ``withdrawn`` is the planned
    payment that is not needed, because the bank carried out the one that it replaces. The debit of a whole ``file`` carries
    out ``parts``, which are ``of_file``.
    """

    match: BankMatch
    mismatch_code: str = ""
    payer: OrganisationView | None = None
    instruction: SettlementInstruction | None = None
    payee: OrganisationView | None = None
    named: SettlementInstruction | None = None
    debit: DebitBooking | None = None
    before_debit: bool = False
    withdrawn: SettlementInstruction | None = None
    file: TransferFile | None = None
    of_file: bool = False
    parts: tuple[Recognised, ...] = ()

    @property
    def organisation_id(self) -> int | None:
        """Key of the organisation whose money it is; None if unknown, or if it is several'."""
        party = self.payer or self.payee
        return party.id if party else None


class Matcher:
    """Recognises the bank entries of one statement; locks the payments that they can mean, in key order."""

    def __init__(self, lines: Sequence[BankStatementLine]) -> None:
        """Read and lock the rows that the references of ``lines`` name, in a few queries."""
        names = {name for line in lines for name in _payment_references(line)}
        keys = set(SettlementInstruction.objects.filter(reference__in=names).values_list("pk", flat=True))
        files = files_that_fit(
            [
                line
                for line in lines
                if line.direction == BankDirection.DEBIT and not _payment_references(line)
            ]
        )
        keys |= set(
            SettlementInstruction.objects.filter(transfer_file__in=files).values_list("pk", flat=True)
        )
        locked = lock_payments_of_the_same(keys)
        self.instructions = {row.reference: row for row in locked}
        parties = {key for line in lines for key in find_pay_in_references(_text(line))}
        self.organisations = organisations_by_id(parties | {row.organisation_id for row in locked})
        self.repeated = Repeated(locked)
        self.failed = FailedPayments(locked)
        self.files = FileDebits(files, locked)

    def recognise(self, line: BankStatementLine) -> Recognised:
        """Recognise ``line`` by the present states of the payments, which earlier lines may have changed."""
        found = _payment_references(line)
        if found:
            return self._payment(line, found)
        if line.direction == BankDirection.DEBIT:
            return self._file(line)
        keys = find_pay_in_references(_text(line))
        if not keys:
            return Recognised(BankMatch.UNALLOCATED, "no_reference")
        payers = [self.organisations[key] for key in keys if key in self.organisations]
        if len(keys) > 1:
            return Recognised(BankMatch.UNALLOCATED, "several_references")
        if not payers:
            return Recognised(BankMatch.UNALLOCATED, "unknown_reference")
        (payer,) = payers
        # A pay-in of the operator under its own reference funds the reserve.
        return Recognised(BankMatch.RESERVE if payer.is_operator else BankMatch.PAY_IN, payer=payer)

    def _payment(self, line: BankStatementLine, references: list[str]) -> Recognised:
        if len(references) > 1:
            return Recognised(BankMatch.UNALLOCATED, "several_references")
        instruction = self.instructions.get(references[0])
        if instruction is None:
            return Recognised(BankMatch.UNALLOCATED, "unknown_reference")
        if (instruction.amount_minor, instruction.currency) != (line.amount_minor, line.currency):
            return Recognised(BankMatch.UNALLOCATED, "amount_differs", named=instruction)
        goes_out = instruction.direction == PaymentDirection.OUT
        if goes_out == (line.direction == BankDirection.DEBIT):
            return self._carried_out(instruction)
        return self._return(instruction)

    def _carried_out(self, instruction: SettlementInstruction) -> Recognised:
        """The bank carried a payment out: as planned, or though it had reported that it did not."""
        payee = self.organisations[instruction.organisation_id]
        if instruction.state in CONFIRMABLE:
            return Recognised(BankMatch.SETTLEMENT, instruction=instruction, payee=payee)
        if not self.failed.was_never_carried_out(instruction):
            self.repeated.add_unexplained(instruction)
            return Recognised(BankMatch.UNALLOCATED, "not_expected", named=instruction)
        if instruction.pk in self.failed.returned_early:
            self.failed.returned_early.discard(instruction.pk)
            return Recognised(BankMatch.SETTLEMENT, instruction=instruction, payee=payee, before_debit=True)
        if not self.failed.is_still_owed(instruction, of_operator=payee.is_operator):
            self.repeated.add_unexplained(instruction)
            return Recognised(BankMatch.UNALLOCATED, "failed_carried_out", named=instruction)
        withdrawn = self.failed.take(instruction)
        return Recognised(BankMatch.SETTLEMENT, instruction=instruction, payee=payee, withdrawn=withdrawn)

    def _return(self, instruction: SettlementInstruction) -> Recognised:
        """A payment came back: its second carrying-out before its first, and perhaps before its debit."""
        payee = self.organisations[instruction.organisation_id]
        debit = self.repeated.take_reclaimed(instruction)
        if debit is not None:
            return Recognised(BankMatch.RECOUPED, instruction=instruction, payee=payee, debit=debit)
        if self.repeated.is_unexplained(instruction):
            return Recognised(BankMatch.UNALLOCATED, "debit_unexplained", named=instruction)
        if instruction.state == InstructionState.CONFIRMED:
            return Recognised(BankMatch.RETURNED, instruction=instruction, payee=payee)
        goes_out = instruction.direction == PaymentDirection.OUT
        first = instruction.confirmed_at is None and instruction.pk not in self.failed.returned_early
        if goes_out and first and instruction.state in RETURNED_EARLY:
            self.failed.returned_early.add(instruction.pk)
            return Recognised(BankMatch.RETURNED, instruction=instruction, payee=payee, before_debit=True)
        return Recognised(BankMatch.UNALLOCATED, "not_expected", named=instruction)

    def _file(self, line: BankStatementLine) -> Recognised:
        """A debit without a reference: the total of a transfer file, if it can only be that one."""
        files = self.files.recognise(line)
        if len(files) > 1:
            return Recognised(BankMatch.UNALLOCATED, "several_files")
        if not files:
            return Recognised(BankMatch.UNALLOCATED, "no_reference")
        ((file, payments),) = files
        failed = [row for row in payments if self.failed.was_never_carried_out(row)]
        if not all(self._was_returned_or_is_owed(row) for row in failed):
            return Recognised(BankMatch.UNALLOCATED, "failed_carried_out")
        parts = tuple(replace(self._carried_out(row), of_file=True) for row in payments)
        return Recognised(BankMatch.TRANSFER_FILE, file=file, parts=parts)

    def _was_returned_or_is_owed(self, payment: SettlementInstruction) -> bool:
        payee = self.organisations[payment.organisation_id]
        return payment.pk in self.failed.returned_early or self.failed.is_still_owed(
            payment, of_operator=payee.is_operator
        )

    def cycles_touched(self) -> list[str]:
        """Public identifiers of the cycles whose payments the bank entries report."""
        keys = {row.cycle_id for row in self.instructions.values() if row.cycle_id is not None}
        return list(Cycle.objects.filter(pk__in=keys).order_by("pk").values_list("public_id", flat=True))


def _payment_references(line: BankStatementLine) -> list[str]:
    """References of settlement payments in ``line``, of any route, without duplicates."""
    routes = [*ROUTES.values(), route_for(line.currency)]
    found = (name for route in routes for name in route.find_references(line.remittance_information))
    return list(dict.fromkeys(found))


def _text(line: BankStatementLine) -> str:
    return f"{line.remittance_information} {line.counterparty_name}"
