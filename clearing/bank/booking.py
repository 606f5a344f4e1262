"""Books the bank entries of one statement as sets: one pass decides line by line, then each table is written at once.

The result is that of booking line after line: each line sees the payments and balances that the lines before it left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from marketplace.events.schema import Event
from marketplace.events.schemas.banking import DebitUnexplained
from marketplace.events.schemas.clearing import PaymentReceived
from marketplace.events.schemas.payments import ReturnSettled
from marketplace.events.services import emit_all
from marketplace.evidence.services import Fact, record_all
from marketplace.jobs.kinds import Progress, report_nothing
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.identifiers import new_identifiers
from marketplace.participants.queries import OrganisationView

from ..ground.bulk import insert_columns
from ..ledger.accounts import market_accounts, participant_accounts
from ..ledger.chart import NORMAL_SIDE
from ..ledger.errors import InsufficientFunds
from ..ledger.journal import Draft, Line, post
from ..ledger.locking import lock_balances
from ..ledger.states import AccountKind, EntryKind, LineKind
from ..settlement.models import SettlementInstruction, TransferFile
from ..settlement.services.attachments import hold_back_where_attached
from ..settlement.services.payments import event_of_return, events_of_payment_found
from ..settlement.states import InstructionState, PaymentPurpose
from ..shortfalls.services.claims import recovery
from .bank_statement import BankStatementLine
from .debit_models import Recoupment
from .matching import TOUCHED_KINDS, Matcher, Recognised
from .models import BankEntry, BankStatement
from .payment_advances import PaymentAdvances
from .states import BankDirection, BankMatch

ROWS_A_STATEMENT = 2_000
"""Rows written by one SQL statement, so that none takes longer than a second or two."""

PURPOSE = "bank_statement"

TOUCHED_OF_MARKET = (
    AccountKind.RESERVE,
    AccountKind.OWN_FUNDS,
    AccountKind.BANK_OPERATOR,
    AccountKind.UNALLOCATED,
    AccountKind.EARLY_RETURN,
    AccountKind.UNEXPLAINED,
    AccountKind.PAYEE_RECEIVABLE,
)


class Booking:
    """What the bank entries of one statement come to; ``decide`` collects it, ``write`` writes it.

    Make it inside the transaction and under ``MOVER_LOCK``: it locks the payments that the lines name, then every
    balance that the lines can move.
    """

    def __init__(self, lines: Sequence[BankStatementLine]) -> None:
        """Read and lock the payments, accounts and balances that ``lines`` touch, in a few queries."""
        self.lines = lines
        self.identifiers = new_identifiers("bke", len(lines))
        self.matcher = Matcher(lines)
        self.market = {currency: market_accounts(currency) for currency in {line.currency for line in lines}}
        payers = [key for key, view in self.matcher.organisations.items() if not view.is_operator]
        self.own = {currency: participant_accounts(payers, currency) for currency in sorted(self.market)}
        self.sides = {
            account: NORMAL_SIDE[kind]
            for currency, market in self.market.items()
            for accounts in (market, *self.own[currency].values())
            for kind, account in accounts.items()
            if kind in (*TOUCHED_KINDS, *TOUCHED_OF_MARKET)
        }
        self.balances = lock_balances(self.sides)
        self.found: list[Recognised] = []
        self.drafts: dict[str, list[Draft]] = {}
        self.payments: dict[str, PaymentReceived] = {}
        self.events: list[Event] = []
        self.facts: list[Fact] = []
        self.advances = PaymentAdvances()

    def decide(self) -> Counter[str]:
        """Recognise each line and collect its consequences; returns how many lines each match has.

        Raises InsufficientFunds, naming the bank entry, if a line would move an account off its normal side.
        """
        for identifier, line in zip(self.identifiers, self.lines, strict=True):
            found = self.matcher.recognise(line)
            self.found.append(found)
            for part in found.parts or (found,):
                if part.instruction is not None and part.match != BankMatch.RECOUPED:
                    self._apply_to_instruction(part.instruction, part)
                self._draft(self._entry_of(identifier, line, part), line)
            if found.match == BankMatch.PAY_IN and found.payer is not None:
                self._receive(identifier, line, found.payer)
            if found.match == BankMatch.UNALLOCATED and line.direction == BankDirection.DEBIT:
                self.events.append(_unexplained(identifier, line, found))
        return Counter(str(found.match) for found in self.found)

    def write(self, statement: BankStatement, report_progress: Progress = report_nothing) -> None:
        """Write payments, bank entries, journal entries, evidence and events. Raises StaleState."""
        self.advances.write()
        self._hold_back()
        self._write_bank_entries(statement)
        for currency, drafts in self.drafts.items():
            for start in range(0, len(drafts), ROWS_A_STATEMENT):
                post(drafts[start : start + ROWS_A_STATEMENT], currency=currency, purpose=PURPOSE)
                report_progress(len(self.lines) * start // len(drafts), len(self.lines))
        self._write_recoupments(statement)
        for start in range(0, len(self.facts), ROWS_A_STATEMENT):
            record_all(self.facts[start : start + ROWS_A_STATEMENT])
        events = [*self.payments.values(), *self.events]
        for start in range(0, len(events), ROWS_A_STATEMENT):
            emit_all(events[start : start + ROWS_A_STATEMENT])

    def _write_bank_entries(self, statement: BankStatement) -> None:
        lines, found = self.lines, self.found
        insert_columns(
            BankEntry._meta.db_table,
            {
                "public_id": ("text", self.identifiers),
                "statement_id": ("bigint", [statement.pk] * len(lines)),
                "entry_reference": ("text", [line.entry_reference for line in lines]),
                "booked_on": ("date", [line.booked_on for line in lines]),
                "direction": ("text", [line.direction for line in lines]),
                "amount_minor": ("bigint", [line.amount_minor for line in lines]),
                "currency": ("text", [line.currency for line in lines]),
                "counterparty_name": ("text", [line.counterparty_name for line in lines]),
                "counterparty_account": ("text", [line.counterparty_account for line in lines]),
                "remittance_information": ("text", [line.remittance_information for line in lines]),
                "match": ("text", [str(recognised.match) for recognised in found]),
                "mismatch_code": ("text", [recognised.mismatch_code for recognised in found]),
                "organisation_id": ("bigint", [recognised.organisation_id for recognised in found]),
                "instruction_id": ("bigint", [_key_of(each.instruction or each.named) for each in found]),
                "transfer_file_id": ("bigint", [_key_of(each.file) for each in found]),
            },
        )

    def _write_recoupments(self, statement: BankStatement) -> None:
        """Close the second carrying-out of each payment that the statement returns."""
        places = [place for place, found in enumerate(self.found) if found.debit is not None]
        if not places:
            return
        keys = [self.lines[place].entry_reference for place in places]
        entries = BankEntry.objects.filter(statement=statement, entry_reference__in=keys)
        by_key = {(entry.booked_on, entry.entry_reference): entry for entry in entries}
        Recoupment.objects.bulk_create(
            Recoupment(
                bank_entry=by_key[self.lines[place].key],
                debit=self.found[place].debit,
                decided_by=SYSTEM.identifier,
                decided_at=clock.now(),
            )
            for place in places
        )

    def _entry_of(self, identifier: str, line: BankStatementLine, found: Recognised) -> Draft:
        """The journal entry of one bank entry."""
        market = self.market[line.currency]
        bank = market[AccountKind.BANK_CLIENT]
        kind, other = self._opposite(line, found)
        debit, credit = (bank, other) if line.direction == BankDirection.CREDIT else (other, bank)
        reference, amount_minor = f"bank:{identifier}", line.amount_minor
        if found.match == BankMatch.SETTLEMENT and found.of_file and found.instruction is not None:
            reference = f"{reference}:{found.instruction.public_id}"
            amount_minor = found.instruction.amount_minor
        return Draft(
            kind=kind,
            reference=reference,
            lines=[Line(_purpose_of(line, found), debit, credit, amount_minor)],
            organisation_id=found.organisation_id,
            description=line.remittance_information[:200],
            value_date=line.booked_on,
        )

    def _opposite(self, line: BankStatementLine, found: Recognised) -> tuple[EntryKind, int]:
        """The journal entry's kind, and the account opposite the bank."""
        market, own = self.market[line.currency], self.own[line.currency]
        if found.match == BankMatch.PAY_IN and found.payer is not None:
            return EntryKind.PAY_IN, own[found.payer.id][AccountKind.AVAILABLE]
        if found.match == BankMatch.RESERVE:
            return EntryKind.RESERVE, market[AccountKind.RESERVE]
        if found.match == BankMatch.RECOUPED:
            return EntryKind.RECOUPMENT, market[AccountKind.PAYEE_RECEIVABLE]
        if found.instruction is None:
            is_receipt = line.direction == BankDirection.CREDIT
            return EntryKind.SUSPENSE, market[
                AccountKind.UNALLOCATED if is_receipt else AccountKind.UNEXPLAINED
            ]
        if found.before_debit:
            return EntryKind.EARLY_RETURN, market[AccountKind.EARLY_RETURN]
        if found.instruction.purpose == PaymentPurpose.OWN_MONEY:
            return EntryKind.OWN_MONEY, market[AccountKind.OWN_FUNDS]
        if found.payee is None or found.payee.is_operator:
            return EntryKind.SWEEP, market[AccountKind.BANK_OPERATOR]
        kind = EntryKind.BANK_RETURN if found.match == BankMatch.RETURNED else EntryKind.PAYOUT
        return kind, own[found.payee.id][AccountKind.RECEIVABLE]

    def _receive(self, identifier: str, line: BankStatementLine, payer: OrganisationView) -> None:
        """A pay-in is told to its owner, with the payer's others; of a suspended participant it first repays its claim."""
        earlier = self.payments.get(payer.public_id)
        self.payments[payer.public_id] = PaymentReceived(
            organisation=payer.public_id,
            amount_minor=line.amount_minor + (earlier.amount_minor if earlier else 0),
            currency=line.currency,
            bank_reference=earlier.bank_reference if earlier else line.entry_reference,
            receipts=(earlier.receipts if earlier else 0) + 1,
        )
        repaid = recovery(
            payer=payer,
            currency=line.currency,
            reference=identifier,
            accounts=self.own[line.currency][payer.id],
            balances=self.balances,
        )
        if repaid is not None:
            draft, fact = repaid
            self._draft(draft, line)
            self.facts.append(fact)

    def _hold_back(self) -> None:
        """What was to pay creditors and came back stays attached: show on planned payments that they are held back for it."""
        came_back = [row for row in self.advances.returned if row.creditor_payment_id is not None]
        for currency in sorted({row.currency for row in came_back}):
            hold_back_where_attached(
                {row.organisation_id for row in came_back if row.currency == currency}, currency
            )

    def _draft(self, draft: Draft, line: BankStatementLine) -> None:
        """Add a journal entry and move the balances that the next lines see."""
        for moved in draft.lines:
            for account, amount_minor in (
                (moved.debit, moved.amount_minor),
                (moved.credit, -moved.amount_minor),
            ):
                if account in self.balances:
                    self.balances[account] += amount_minor
                    if self.balances[account] * self.sides[account] < 0:
                        raise InsufficientFunds(reference=line.entry_reference)
        self.drafts.setdefault(line.currency, []).append(draft)

    def _apply_to_instruction(self, instruction: SettlementInstruction, found: Recognised) -> None:
        """Confirm or return the payment for the lines that follow; ``write`` makes it so in the database."""
        if found.withdrawn is not None:
            self.advances.withdraw(found.withdrawn)
            self.facts.append(_payment_fact("clearing.payment_withdrawn", found.withdrawn))
        before, owner = InstructionState(instruction.state), found.payee.public_id if found.payee else ""
        if found.match == BankMatch.RETURNED:
            self.advances.return_payment(instruction)
            if before != InstructionState.FAILED:
                self.events.append(event_of_return(instruction, owner))
        else:
            self.advances.carry_out(instruction, was_returned=found.before_debit)
            if before == InstructionState.FAILED and instruction.state == InstructionState.CONFIRMED:
                self.events.append(
                    ReturnSettled(instruction=instruction.public_id, organisation=owner, outcome="confirmed")
                )
        after = "debited" if found.match == BankMatch.SETTLEMENT and found.before_debit else instruction.state
        self.facts.append(_payment_fact(f"clearing.payment_{after}", instruction))
        self.events += events_of_payment_found(instruction)


def _payment_fact(kind: str, payment: SettlementInstruction) -> Fact:
    return Fact(
        kind=kind,
        subject=payment.public_id,
        actor=SYSTEM,
        payload={"reference": payment.reference, "amount_minor": payment.amount_minor},
    )


def _purpose_of(line: BankStatementLine, found: Recognised) -> LineKind:
    """The posting kind of a bank entry."""
    if found.match == BankMatch.RECOUPED:
        return LineKind.RECOUPED
    if found.instruction is not None:
        return LineKind.PAYMENT
    return LineKind.PAY_IN if line.direction == BankDirection.CREDIT else LineKind.UNEXPLAINED


def _unexplained(identifier: str, line: BankStatementLine, found: Recognised) -> DebitUnexplained:
    """The event that asks the operator what a debit in suspense was."""
    return DebitUnexplained(
        bank_entry=identifier,
        amount_minor=line.amount_minor,
        currency=line.currency,
        booked_on=line.booked_on.isoformat(),
        reason_code=found.mismatch_code,
        reference=found.named.reference if found.named else "",
    )


def _key_of(row: SettlementInstruction | TransferFile | None) -> int | None:
    return row.pk if row is not None else None
