"""Recognises bank entries on the client account by their references alone, never by name or amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.participants.queries import OrganisationView, organisations_by_id

from ..cycles.models import Cycle
from ..ledger.states import AccountKind
from ..settlement.models import SettlementInstruction
from ..settlement.routes import ROUTES, route_for
from ..settlement.states import INSTRUCTION, InstructionState, PaymentDirection
from .bank_statement import BankStatementLine
from .debit_models import DebitBooking
from .pay_in_reference import find_pay_in_references
from .repeated import Repeated
from .states import BankDirection, BankMatch

CONFIRMABLE = tuple(
    state for state in InstructionState if "confirm" in INSTRUCTION.commands(state=state, role="system")
)
TOUCHED_KINDS = (AccountKind.AVAILABLE, AccountKind.RECEIVABLE, AccountKind.CLAIM)


@dataclass(frozen=True, slots=True)
class Recognised:
    """The recognised owner (``payer``) or payment (``instruction``, ``payee``) of a bank entry.

    ``named`` is the payment that an unrecognised entry names; ``debit`` the booking of the second carrying-out of a payment
    that a receipt returns.
    """

    match: BankMatch
    mismatch_code: str = ""
    payer: OrganisationView | None = None
    instruction: SettlementInstruction | None = None
    payee: OrganisationView | None = None
    named: SettlementInstruction | None = None
    debit: DebitBooking | None = None

    @property
    def organisation_id(self) -> int | None:
        """Key of the organisation whose money it is; None if unknown."""
        party = self.payer or self.payee
        return party.id if party else None


class Matcher:
    """Recognises the bank entries of one statement; locks the instructions that they name, in key order."""

    def __init__(self, lines: Sequence[BankStatementLine]) -> None:
        """Read and lock the rows that the references of ``lines`` name, in a few queries."""
        payments = {name for line in lines for name in _payment_references(line)}
        self.instructions = {
            row.reference: row
            for row in SettlementInstruction.objects.select_for_update(no_key=True)
            .filter(reference__in=payments)
            .order_by("pk")
        }
        keys = {key for line in lines for key in find_pay_in_references(_text(line))}
        keys |= {row.organisation_id for row in self.instructions.values()}
        self.organisations = organisations_by_id(keys)
        self.repeated = Repeated(self.instructions.values())

    def recognise(self, line: BankStatementLine) -> Recognised:
        """Recognise ``line`` by the present states of the payments, which earlier lines may have changed."""
        found = _payment_references(line)
        if found:
            return self._payment(line, found)
        keys = find_pay_in_references(_text(line)) if line.direction == BankDirection.CREDIT else []
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
        carried_out = goes_out == (line.direction == BankDirection.DEBIT)
        payee = self.organisations[instruction.organisation_id]
        if carried_out and instruction.state in CONFIRMABLE:
            return Recognised(BankMatch.SETTLEMENT, instruction=instruction, payee=payee)
        if carried_out:
            self.repeated.add_unexplained(instruction)
            return Recognised(BankMatch.UNALLOCATED, "not_expected", named=instruction)
        return self._return(instruction, payee)

    def _return(self, instruction: SettlementInstruction, payee: OrganisationView) -> Recognised:
        """A payment came back: its second carrying-out before its first."""
        debit = self.repeated.take_reclaimed(instruction)
        if debit is not None:
            return Recognised(BankMatch.RECOUPED, instruction=instruction, payee=payee, debit=debit)
        if self.repeated.is_unexplained(instruction):
            return Recognised(BankMatch.UNALLOCATED, "debit_unexplained", named=instruction)
        if instruction.state == InstructionState.CONFIRMED:
            return Recognised(BankMatch.RETURNED, instruction=instruction, payee=payee)
        return Recognised(BankMatch.UNALLOCATED, "not_expected", named=instruction)

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
