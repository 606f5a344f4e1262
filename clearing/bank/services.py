"""Imports bank statements, which credits pay-ins to their owners and confirms payments; allocates suspense."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from django.db import transaction
from django.db.models import Sum

from marketplace.events.schemas.clearing import PaymentReceived
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.jobs.kinds import Progress, report_nothing
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.refusals import record_refusals
from marketplace.participants.queries import get_organisation

from ..approvals.services import require_second_person
from ..cycles.nudge import nudge
from ..ledger.accounts import accounts_of, market_accounts
from ..ledger.journal import Draft, Line, post
from ..ledger.locks import MOVER_LOCK
from ..ledger.models import Posting
from ..ledger.services import require_funds_regime
from ..ledger.states import AccountKind, EntryKind, LineKind
from ..shortfalls.services.claims import collect_from_pay_in
from ..trades.services.holds import lock_waiting_trades
from ..trades.services.trades import secure_waiting_trades
from .bank_statement import BankStatementLine, parse_statement
from .booking import Booking
from .errors import BankEntryChanged, NotUnallocated
from .models import BankAllocation, BankEntry, BankStatement
from .states import BankDirection, BankMatch


def import_bank_statement(
    *,
    actor: Actor,
    content: bytes,
    file_name: str,
    closing_balance_minor: int | None = None,
    closing_currency: str = "JPY",
    closing_on: date | None = None,
    report_progress: Progress = report_nothing,
) -> BankStatement:
    """Import a bank statement of the client account (``bank_statement``), completely or not at all.

    Pay-ins are credited to the participants that they name; debits confirm settlement payments; a pay-in under the
    operator's own reference funds the reserve; a pay-in of a suspended participant first repays its claim. Unrecognised
    entries go to suspense. Known entries are skipped, and the same file again returns the recorded statement.
    ``closing_balance_minor``, the bank's balance after the last line, is recorded with the ledger's balance for the
    segregation check, and with ``closing_on``, the business date at whose end it was that. The file is read before the transaction, and everything is written in one. Emits
    payment.received, whose handler secures waiting trades. Raises StatementFaulty or FieldInvalid (naming line and
    column), FundsRegimeMissing, BankEntryChanged, InsufficientFunds, Forbidden.
    """
    actor.require_operator()
    require_closing_day(closing_on, closing_balance_minor)
    lines = parse_statement(content)
    report_progress(0, len(lines))
    statement = _book(
        actor=actor,
        lines=lines,
        file_name=file_name,
        sha256=sha256_hex(content),
        currency=None if closing_balance_minor is None else closing_currency,
        closing_balance_minor=closing_balance_minor,
        closing_on=closing_on,
    )
    report_progress(len(lines), len(lines))
    return statement


def require_closing_day(closing_on: date | None, closing_balance_minor: int | None) -> None:
    """Check that a stated closing day has begun, and is stated with the balance of its end. Raises FieldInvalid."""
    if closing_on is None:
        return
    if closing_balance_minor is None:
        raise FieldInvalid(
            "closing_on",
            Label(
                "state the closing balance of that day too, in closing_balance_minor",
                "その日の期末残高も closing_balance_minor に指定してください",
            ),
        )
    if closing_on > clock.today():
        raise FieldInvalid("closing_on", Label("must not be in the future", "未来の日付は指定できません"))


@transaction.atomic
def _book(
    *,
    actor: Actor,
    lines: Sequence[BankStatementLine],
    file_name: str,
    sha256: str,
    currency: str | None,
    closing_balance_minor: int | None,
    closing_on: date | None,
) -> BankStatement:
    """Book the lines that are new, in one short transaction; returns the recorded statement if the file is known."""
    MOVER_LOCK.acquire()
    existing = BankStatement.objects.filter(
        sha256=sha256,
        closing_currency=currency,
        closing_balance_minor=closing_balance_minor,
        closing_on=closing_on,
    ).first()
    if existing is not None:
        return existing
    fresh = _new_lines(lines)
    _require_currencies(fresh, currency)
    statement = BankStatement.objects.create(
        file_name=file_name[:200],
        sha256=sha256,
        lines=len(lines),
        added=len(fresh),
        closing_currency=currency,
        closing_balance_minor=closing_balance_minor,
        closing_on=closing_on,
        ledger_balance_minor=None if currency is None else _ledger_balance(currency, fresh),
        imported_by=actor.identifier,
        imported_at=clock.now(),
    )
    booking = Booking(fresh)
    counts = booking.decide()
    booking.write(statement)
    record(
        kind="clearing.statement_imported",
        subject=statement.public_id,
        actor=actor,
        payload={
            "sha256": sha256,
            "lines": len(lines),
            "added": len(fresh),
            **{name: counts[name] for name in BankMatch.values},
            "closing_balance_minor": statement.closing_balance_minor,
            "closing_on": closing_on.isoformat() if closing_on else None,
            "ledger_balance_minor": statement.ledger_balance_minor,
        },
    )
    for cycle in booking.matcher.cycles_touched():
        transaction.on_commit(partial(nudge, cycle))
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
