"""Places a bank statement after those before it, and books what is new in it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Min, Sum

from marketplace.evidence.services import record
from marketplace.jobs.kinds import Progress, report_nothing
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.calendars import BusinessCalendar

from ..cycles.nudge import nudge
from ..ground.parameters import second_person_minor
from ..ledger.accounts import market_accounts
from ..ledger.models import Posting
from ..ledger.services import require_funds_regime
from ..ledger.states import AccountKind
from ..settlement.models import ClientAccount
from .bank_statement import (
    LINES_MAX,
    BankStatementFile,
    BankStatementLine,
    StatementAccount,
    fault_at,
    total_of,
)
from .bank_statement_formats import parse_statement
from .booking import Booking
from .errors import BankEntryChanged, StatementDoesNotContinue, StatementOverlaps
from .models import BankEntry, BankStatement, StatementConfirmation
from .states import BankDirection, BankMatch


@dataclass(frozen=True, slots=True)
class Continuation:
    """What a file adds: the entries that are new, from the day and the balance at which the last statement closed."""

    number: int
    opening_on: date
    opening_balance_minor: int
    fresh: Sequence[BankStatementLine]


def follows_on(day: date, later: date) -> bool:
    """Whether ``later`` is ``day``, or no bank business day stands between them."""
    return day <= later <= BusinessCalendar().roll_forward(day + timedelta(days=1))


def read_statement(content: bytes) -> BankStatementFile:
    """What a file states, checked in itself; raises FieldInvalid or StatementFaulty."""
    return parse_statement(content, today=clock.today(), follows_on=follows_on)


def continuation_of(file: BankStatementFile) -> Continuation | None:
    """What ``file`` adds to the statements of its currency; None if one between them is still to come.

    Days that are imported already may be repeated with the same content. The caller holds ``MOVER_LOCK``. Raises
    FieldInvalid for another account, FundsRegimeMissing, BankEntryChanged, StatementOverlaps, StatementDoesNotContinue.
    """
    _require_account(file)
    newest = BankStatement.objects.filter(currency=file.currency).order_by("-number").first()
    if newest is None:
        _require_opening(file, 0)
        return Continuation(1, file.opening_on, 0, file.lines)
    if file.opening_on > newest.closing_on and not follows_on(newest.closing_on, file.opening_on):
        return None
    if file.closing_on < newest.closing_on:
        raise StatementOverlaps(line=file.number, day=newest.closing_on.isoformat())
    repeated_minor, fresh = _new_lines(file, newest)
    _require_opening(file, newest.closing_balance_minor - repeated_minor)
    return Continuation(
        newest.number + 1, max(file.opening_on, newest.closing_on), newest.closing_balance_minor, fresh
    )


def _require_account(file: BankStatementFile) -> None:
    """Check that the market clears the currency, and that its client account was registered by the first day."""
    if AccountKind.BANK_CLIENT not in market_accounts(file.currency):
        raise fault_at(
            file.number,
            "currency",
            f"the market does not clear {file.currency}",
            f"通貨 {file.currency} は取り扱っていません",
        )
    require_funds_regime(file.currency)
    fields = ("bank_code", "branch_code", "account_type", "account_number")
    registered = {
        str(StatementAccount(*(row[name] for name in fields))): clock.business_date(row["since"])
        for row in ClientAccount.objects.filter(currency=file.currency)
        .values(*fields)
        .annotate(since=Min("effective_from"))
    }
    since = registered.get(file.account)
    if since is None:
        raise fault_at(
            file.number,
            "account",
            f"{file.account} is not the client account in {file.currency} (client-accounts/)",
            f"{file.account} は {file.currency} の顧客資金口座（client-accounts/）ではありません",
        )
    if file.opening_on < since:
        raise fault_at(
            file.number,
            "opening_on",
            f"{file.opening_on} is before {since}, when the client account was registered",
            f"{file.opening_on} は顧客資金口座の登録日 {since} より前です",
        )


def _require_opening(file: BankStatementFile, expected_minor: int) -> None:
    difference_minor = file.opening_balance_minor - expected_minor
    if difference_minor:
        raise StatementDoesNotContinue(
            line=file.number,
            stated_minor=file.opening_balance_minor,
            expected_minor=expected_minor,
            difference_minor=f"{difference_minor:+}",
            currency=file.currency,
        )


def _new_lines(file: BankStatementFile, newest: BankStatement) -> tuple[int, list[BankStatementLine]]:
    """What the repeated entries sum to, and the entries that are new.

    Repeats are complete: a file with any entry of the days since its first that are imported has all of them. Raises
    BankEntryChanged for a repeated entry with other values, StatementOverlaps.
    """
    overlaps = StatementOverlaps(line=file.number, day=newest.closing_on.isoformat())
    rows = BankEntry.objects.filter(currency=file.currency, booked_on__gte=file.opening_on)[: LINES_MAX + 1]
    known = {(row.booked_on, row.entry_reference): row for row in rows}
    repeated = [line for line in file.lines if line.key in known]
    for line in repeated:
        row = known[line.key]
        if (row.direction, row.amount_minor, row.remittance_information) != (
            line.direction,
            line.amount_minor,
            line.remittance_information,
        ):
            raise BankEntryChanged(line=line.number, entry_reference=line.entry_reference)
    if len(repeated) != len(known) and (repeated or file.opening_on < newest.closing_on):
        raise overlaps
    fresh = [line for line in file.lines if line.key not in known]
    early = next((line for line in fresh if line.booked_on < newest.closing_on), None)
    if early is not None:
        raise StatementOverlaps(line=early.number, day=newest.closing_on.isoformat())
    return sum(line.signed_minor for line in repeated), fresh


def needs_confirmation(currency: str, fresh: Sequence[BankStatementLine]) -> bool:
    """Whether ``fresh`` takes the receipts imported today that nobody confirmed to the limit for one person."""
    credits_minor = total_of(fresh, BankDirection.CREDIT).minor
    if credits_minor == 0:
        return False
    earlier = BankStatement.objects.filter(
        currency=currency, imported_on=clock.today(), confirmation=None
    ).aggregate(total=Sum("credits_minor"))
    return int(earlier["total"] or 0) + credits_minor >= second_person_minor()


def book_statement(
    *,
    actor: Actor,
    file: BankStatementFile,
    continuation: Continuation,
    sha256: str,
    file_name: str,
    confirmation: StatementConfirmation | None,
    report_progress: Progress = report_nothing,
) -> BankStatement:
    """Record the statement and book its new entries, with progress in lines; returns the statement.

    Pay-ins are credited to the participants that they name; debits confirm settlement payments; a pay-in under the
    operator's own reference funds the reserve; a pay-in of a suspended participant first repays its claim. Unrecognised
    entries go to suspense. Call it inside the transaction and under ``MOVER_LOCK``. Emits payment.received, whose
    handler secures waiting trades. Raises InsufficientFunds.
    """
    fresh = continuation.fresh
    credited, debited = total_of(fresh, BankDirection.CREDIT), total_of(fresh, BankDirection.DEBIT)
    closing_minor = continuation.opening_balance_minor + credited.minor - debited.minor
    booking = Booking(fresh)
    statement = BankStatement.objects.create(
        number=continuation.number,
        currency=file.currency,
        account=file.account,
        file_name=file_name,
        sha256=sha256,
        lines=len(file.lines),
        opening_on=continuation.opening_on,
        closing_on=file.closing_on,
        opening_balance_minor=continuation.opening_balance_minor,
        closing_balance_minor=closing_minor,
        credits=credited.count,
        credits_minor=credited.minor,
        debits=debited.count,
        debits_minor=debited.minor,
        ledger_balance_minor=_ledger_balance(file.currency) + credited.minor - debited.minor,
        confirmation=confirmation,
        imported_by=actor.identifier,
        imported_at=clock.now(),
        imported_on=clock.today(),
    )
    counts = booking.decide()
    booking.write(statement, report_progress)
    record(
        kind="clearing.statement_imported",
        subject=statement.public_id,
        actor=actor,
        payload={
            "sha256": sha256,
            "lines": statement.lines,
            "added": len(fresh),
            **{name: counts[name] for name in BankMatch.values},
            "closing_balance_minor": statement.closing_balance_minor,
            "closing_on": statement.closing_on.isoformat(),
            "ledger_balance_minor": statement.ledger_balance_minor,
            "confirmed_by": confirmation.confirmed_by if confirmation else None,
        },
    )
    for cycle in booking.matcher.cycles_touched():
        transaction.on_commit(partial(nudge, cycle))
    return statement


def _ledger_balance(currency: str) -> int:
    """The ledger's balance of the client account before the import; the lock excludes other postings there."""
    account = market_accounts(currency)[AccountKind.BANK_CLIENT]
    posted = Posting.objects.filter(account_id=account).aggregate(total=Sum("amount_minor"))["total"] or 0
    return int(posted)
