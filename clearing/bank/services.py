"""Imports bank statements: credits pay-ins to their owners, confirms payments; allocates suspense."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.db import transaction
from django.db.models import Sum

from marketplace.events.schemas.clearing import PaymentReceived
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance
from marketplace.participants.queries import get_organisation

from ..approvals.services import require_second_person
from ..cycles.nudge import nudge
from ..ledger.accounts import accounts_of, market_accounts
from ..ledger.journal import Draft, Line, post
from ..ledger.locking import lock_balances
from ..ledger.locks import MOVER_LOCK
from ..ledger.models import Posting
from ..ledger.services import require_funds_regime
from ..ledger.states import AccountKind, EntryKind, LineKind
from ..settlement.models import SettlementInstruction
from ..settlement.services.payments import emit_payment_found
from ..settlement.states import INSTRUCTION
from ..shortfalls.services.claims import collect_from_pay_in
from ..trades.services.holds import lock_waiting_trades
from ..trades.services.trades import secure_waiting_trades
from .bank_statement import BankStatementLine, parse_statement
from .errors import BankEntryChanged, NotUnallocated
from .matching import Matcher, Recognised
from .models import BankAllocation, BankEntry, BankStatement
from .states import BankDirection, BankMatch


@transaction.atomic
def import_bank_statement(
    *,
    actor: Actor,
    content: bytes,
    file_name: str,
    closing_balance_minor: int | None = None,
    closing_currency: str = "JPY",
) -> BankStatement:
    """Import a bank statement of the client account (``bank_statement``), completely or not at all.

    Pay-ins are credited to the participants that they name and secure their waiting trades; debits confirm settlement
    payments; a pay-in under the operator's own reference funds the reserve; a pay-in of a suspended participant first
    repays its claim. Unrecognised entries go to suspense. Known entries are skipped, and the same file again returns
    the recorded statement. ``closing_balance_minor``, the bank's balance after the last line, is recorded with the
    ledger's balance for the segregation check. Emits payment.received. Raises FieldInvalid (naming line and column),
    FundsRegimeMissing, BankEntryChanged, Forbidden.
    """
    actor.require_operator()
    MOVER_LOCK.acquire()
    digest = sha256_hex(content)
    currency = None if closing_balance_minor is None else closing_currency
    existing = BankStatement.objects.filter(
        sha256=digest, closing_currency=currency, closing_balance_minor=closing_balance_minor
    ).first()
    if existing is not None:
        return existing
    lines = parse_statement(content)
    fresh = _new_lines(lines)
    _require_currencies(fresh, currency)
    statement = BankStatement.objects.create(
        file_name=file_name[:200],
        sha256=digest,
        lines=len(lines),
        added=len(fresh),
        closing_currency=currency,
        closing_balance_minor=closing_balance_minor,
        ledger_balance_minor=None if currency is None else _ledger_balance(currency, fresh),
        imported_by=actor.identifier,
        imported_at=clock.now(),
    )
    matches = _record_and_post(statement, fresh)
    counts = {name: sum(match == name for match in matches) for name in BankMatch.values}
    record(
        kind="clearing.statement_imported",
        subject=statement.public_id,
        actor=actor,
        payload={
            "sha256": digest,
            "lines": len(lines),
            "added": len(fresh),
            **counts,
            "closing_balance_minor": statement.closing_balance_minor,
            "ledger_balance_minor": statement.ledger_balance_minor,
        },
    )
    return statement


def _require_currencies(fresh: Sequence[BankStatementLine], closing_currency: str | None) -> None:
    """Check that the market clears every currency of the statement and a funds regime is in force for it."""
    places = {line.currency: f"lines.{line.number}.currency" for line in reversed(fresh)}
    if closing_currency is not None:
        places.setdefault(closing_currency, "closing_currency")
    for currency, place in sorted(places.items()):
        if AccountKind.BANK_CLIENT not in market_accounts(currency):
            raise FieldInvalid(
                place,
                Label(f"the market does not clear {currency}", f"通貨 {currency} は取り扱っていません"),
            )
        require_funds_regime(currency)


def _ledger_balance(currency: str, fresh: Sequence[BankStatementLine]) -> int:
    """The ledger's balance of the client account once ``fresh`` is posted; the lock excludes other postings there."""
    account = market_accounts(currency)[AccountKind.BANK_CLIENT]
    posted = Posting.objects.filter(account_id=account).aggregate(total=Sum("amount_minor"))["total"] or 0
    return int(posted) + sum(
        line.amount_minor if line.direction == BankDirection.CREDIT else -line.amount_minor
        for line in fresh
        if line.currency == currency
    )


def _new_lines(lines: Sequence[BankStatementLine]) -> list[BankStatementLine]:
    """Bank entries that were not imported before; raises BankEntryChanged if a known one has other values."""
    references = [line.entry_reference for line in lines]
    known = {row.entry_reference: row for row in BankEntry.objects.filter(entry_reference__in=references)}
    for line in lines:
        row = known.get(line.entry_reference)
        if row and (
            row.booked_on,
            row.direction,
            row.amount_minor,
            row.currency,
            row.remittance_information,
        ) != (
            line.booked_on,
            line.direction,
            line.amount_minor,
            line.currency,
            line.remittance_information,
        ):
            raise BankEntryChanged(line=line.number, entry_reference=line.entry_reference)
    return [line for line in lines if line.entry_reference not in known]


def _record_and_post(statement: BankStatement, lines: Sequence[BankStatementLine]) -> list[str]:
    """Recognise, post and record each bank entry in order, then secure waiting trades; returns the matches."""
    matcher = Matcher(lines)
    depositors = sorted(
        {
            (match.payer.id, line.currency)
            for line in lines
            if (match := matcher.recognise(line)).match == BankMatch.PAY_IN and match.payer is not None
        }
    )
    for currency in sorted({currency for _, currency in depositors}):
        lock_waiting_trades([key for key, of in depositors if of == currency], currency)
    lock_balances(matcher.accounts(lines))
    matches = []
    for line in lines:
        found = matcher.recognise(line)
        _post_bank_entry(line, found)
        BankEntry.objects.create(
            statement=statement,
            entry_reference=line.entry_reference,
            booked_on=line.booked_on,
            direction=line.direction,
            amount_minor=line.amount_minor,
            currency=line.currency,
            counterparty_name=line.counterparty_name,
            counterparty_account=line.counterparty_account,
            remittance_information=line.remittance_information,
            match=found.match,
            mismatch_code=found.mismatch_code,
            organisation_id=found.organisation_id,
            instruction=found.instruction,
        )
        matches.append(str(found.match))
    for organisation_id, currency in depositors:
        secure_waiting_trades(actor=SYSTEM, organisation_id=organisation_id, currency=currency)
    for cycle in matcher.cycles_touched():
        transaction.on_commit(partial(nudge, cycle))
    return matches


def _post_bank_entry(line: BankStatementLine, found: Recognised) -> None:
    """Post the journal entry of one bank entry; advance the payment that it confirms or returns."""
    accounts = market_accounts(line.currency)
    bank = accounts[AccountKind.BANK_CLIENT]
    if found.match == BankMatch.PAY_IN and found.payer is not None:
        own = accounts_of(found.payer.id, line.currency)
        kind, other = EntryKind.PAY_IN, own[AccountKind.AVAILABLE]
        emit(
            PaymentReceived(
                organisation=found.payer.public_id,
                amount_minor=line.amount_minor,
                currency=line.currency,
                bank_reference=line.entry_reference,
            )
        )
    elif found.match == BankMatch.RESERVE:
        kind, other = EntryKind.RESERVE, accounts[AccountKind.RESERVE]
    elif found.instruction is not None:
        kind, other = _apply_to_instruction(found.instruction, found, accounts)
    else:
        kind, other = EntryKind.SUSPENSE, accounts[AccountKind.UNALLOCATED]
    debit, credit = (bank, other) if line.direction == BankDirection.CREDIT else (other, bank)
    purpose = LineKind.PAYMENT if found.instruction else LineKind.PAY_IN
    draft = Draft(
        kind=kind,
        reference=f"bank:{line.entry_reference}",
        lines=[Line(purpose, debit, credit, line.amount_minor)],
        organisation_id=found.organisation_id,
        description=line.remittance_information[:200],
    )
    post([draft], currency=line.currency, purpose=line.entry_reference)
    if found.match == BankMatch.PAY_IN and found.payer is not None:
        collect_from_pay_in(payer=found.payer, currency=line.currency, reference=line.entry_reference)


def _apply_to_instruction(
    instruction: SettlementInstruction, found: Recognised, accounts: dict[str, int]
) -> tuple[EntryKind, int]:
    """Advance the payment's state; returns the journal entry's kind and the account opposite the bank."""
    if found.match == BankMatch.RETURNED:
        advance(
            instruction,
            INSTRUCTION,
            command="return",
            role="system",
            failed_at=clock.now(),
            failure_reason="returned by the bank",
        )
    else:
        advance(
            instruction,
            INSTRUCTION,
            command="confirm",
            role="system",
            confirmed_at=clock.now(),
            held_back="",
        )
    record(
        kind=f"clearing.payment_{instruction.state}",
        subject=instruction.public_id,
        actor=SYSTEM,
        payload={"reference": instruction.reference, "amount_minor": instruction.amount_minor},
    )
    emit_payment_found(instruction)
    payee = found.payee
    if payee is None or payee.is_operator:
        return EntryKind.SWEEP, accounts[AccountKind.BANK_OPERATOR]
    own = accounts_of(payee.id, instruction.currency)
    kind = EntryKind.BANK_RETURN if found.match == BankMatch.RETURNED else EntryKind.PAYOUT
    return kind, own[AccountKind.RECEIVABLE]


@record_refusals()
def allocate_pay_in(*, actor: Actor, bank_entry: str, organisation: str) -> BankEntry:
    """Credit an unrecognised pay-in to the participant that the operator names.

    Emits payment.received and secures waiting trades. Raises SecondPersonNeeded for a large amount, NotUnallocated,
    Missing, Forbidden.
    """
    actor.require_operator()
    MOVER_LOCK.acquire()
    entry = BankEntry.objects.filter(public_id=bank_entry).first()
    if entry is None:
        raise Missing(kind="bank entry", identifier=bank_entry)
    is_pay_in = entry.match == BankMatch.UNALLOCATED and entry.direction == BankDirection.CREDIT
    if not is_pay_in or BankAllocation.objects.filter(bank_entry=entry).exists():
        raise NotUnallocated(bank_entry=bank_entry)
    payer = get_organisation(organisation)
    if payer.is_operator:
        raise FieldInvalid("organisation", Label("name a participant", "参加者を指定してください"))
    require_second_person(
        actor=actor,
        command="clearing.allocate_pay_in",
        subject=entry.public_id,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        payload={"organisation": payer.public_id},
    )
    lock_waiting_trades([payer.id], entry.currency)
    own = accounts_of(payer.id, entry.currency)
    market = market_accounts(entry.currency)
    received = Line(
        LineKind.PAY_IN,
        market[AccountKind.UNALLOCATED],
        own[AccountKind.AVAILABLE],
        entry.amount_minor,
    )
    draft = Draft(
        kind=EntryKind.ALLOCATION,
        reference=f"allocation:{entry.public_id}",
        lines=[received],
        organisation_id=payer.id,
        description=entry.remittance_information[:200],
    )
    post([draft], currency=entry.currency, purpose=entry.public_id)
    collect_from_pay_in(payer=payer, currency=entry.currency, reference=entry.public_id)
    BankAllocation.objects.create(
        bank_entry=entry, organisation_id=payer.id, decided_by=actor.identifier, decided_at=clock.now()
    )
    record(
        kind="clearing.pay_in_allocated",
        subject=entry.public_id,
        actor=actor,
        payload={"organisation": payer.public_id, "amount_minor": entry.amount_minor},
    )
    emit(
        PaymentReceived(
            organisation=payer.public_id,
            amount_minor=entry.amount_minor,
            currency=entry.currency,
            bank_reference=entry.entry_reference,
        )
    )
    secure_waiting_trades(actor=SYSTEM, organisation_id=payer.id, currency=entry.currency)
    return entry
