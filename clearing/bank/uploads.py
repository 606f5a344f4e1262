"""Receives uploaded bank statements, has a second person confirm large receipts, and imports each by a job of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from marketplace.events.schemas.clearing import StatementConfirmationEnded, StatementConfirmationNeeded
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.jobs.kinds import Arguments, JobKind, Progress, Work, report_nothing
from marketplace.jobs.services import enqueue
from marketplace.jobs.states import Queue
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import DomainError, FieldInvalid, Forbidden, Missing
from marketplace.kernel.identifiers import new_identifiers
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance
from marketplace.participants.queries import operator_organisation

from ..ground.bulk import insert_columns
from ..ledger.locks import MOVER_LOCK
from .bank_statement import BYTES_MAX, TOO_LARGE, BankStatementFile, BankStatementLine, total_of
from .errors import AnotherPersonNeeded, ConfirmationDiffers, StatementFaulty
from .importing import book_statement, continuation_of, needs_confirmation, read_statement
from .matching import Matcher
from .models import StatementConfirmation, StatementImport, UnconfirmedReceipt
from .states import STATEMENT_IMPORT, BankDirection, ImportState

_LINE = re.compile(r"lines\.([0-9]+)\.(.+)")
_TO_DO = (ImportState.RECEIVED, ImportState.WAITING, ImportState.CONFIRMED)
_GAVE_UP = {
    "line": None,
    "field": None,
    "code": "import_failed",
    "message": Label(
        "The import failed several times for a reason that is not in the file; its job says which. Nothing was"
        " imported: upload the file again once the cause is repaired.",
        "ファイル以外の原因で取込に繰り返し失敗しました（詳細はジョブを参照）。何も取り込まれていません。原因の解消後に"
        "もう一度アップロードしてください。",
    ).as_dict(),
}
_WITHDRAWN = {
    "line": None,
    "field": None,
    "code": "withdrawn",
    "message": Label(
        "The operator withdrew the statement; nothing was imported.",
        "運営者が取り下げました。何も取り込まれていません。",
    ).as_dict(),
}


@transaction.atomic
def receive_statement(*, actor: Actor, content: bytes, file_name: str) -> StatementImport:
    """Keep an uploaded bank statement, and enqueue the job that imports it; returns its import.

    The same file again returns the import that there is, unless that was refused. Raises FieldInvalid for a file of
    more than BYTES_MAX bytes; Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    if len(content) > BYTES_MAX:
        raise FieldInvalid("file", TOO_LARGE)
    digest = sha256_hex(content)
    MOVER_LOCK.acquire()
    existing = (
        StatementImport.objects.defer("content")
        .filter(sha256=digest)
        .exclude(state=ImportState.REFUSED)
        .first()
    )
    if existing is not None:
        return existing
    received = StatementImport(
        file_name=file_name[:200],
        sha256=digest,
        content=content,
        received_by=actor.identifier,
        received_responsible=actor.responsible,
        received_at=clock.now(),
    )
    received.job = enqueue(kind=IMPORT_STATEMENT, subject=received.public_id).public_id
    received.save()
    record(
        kind="clearing.statement_received",
        subject=received.public_id,
        actor=actor,
        payload={"sha256": digest, "bytes": len(content)},
    )
    return received


def import_received(*, statement_import: str, report_progress: Progress = report_nothing) -> StatementImport:
    """Take a received, waiting or confirmed bank statement as far as it goes; does nothing once it is over.

    It is imported, or refused with its faults; or it waits for the statement before it, or for a second person if its
    receipts reach the limit for one (``importing.needs_confirmation``). Call it outside transactions: the file is read
    first, then everything is written in one transaction.
    """
    received = StatementImport.objects.get(public_id=statement_import)
    if received.state not in _TO_DO or received.content is None:
        return received
    try:
        file = read_statement(bytes(received.content))
        report_progress(0, len(file.lines))
        received = _carry_on(received.pk, file, report_progress)
    except DomainError as error:
        return _refuse(received.pk, faults_of(error))
    report_progress(len(file.lines), len(file.lines))
    return received


@transaction.atomic
def _carry_on(key: int, file: BankStatementFile, report_progress: Progress) -> StatementImport:
    """Have the statement wait, or import it. Raises what ``continuation_of`` and ``book_statement`` raise."""
    MOVER_LOCK.acquire()
    received = _locked(pk=key)
    if received.state not in _TO_DO:
        return received
    stated = {
        "currency": file.currency,
        "opening_on": file.opening_on,
        "closing_on": file.closing_on,
        "closing_balance_minor": file.closing_balance_minor,
        "credits_minor": total_of(file.lines, BankDirection.CREDIT).minor,
    }
    continuation = continuation_of(file)
    if continuation is None:
        if received.state == ImportState.RECEIVED:
            advance(received, STATEMENT_IMPORT, command="wait", role="system", **stated)
        return received
    confirmation = StatementConfirmation.objects.filter(statement_import=received).first()
    if confirmation is None and needs_confirmation(file.currency, continuation.fresh):
        advance(received, STATEMENT_IMPORT, command="ask", role="system", **stated)
        _ask_second_person(received, continuation.fresh)
        return received
    operator = operator_organisation()
    statement = book_statement(
        actor=Actor(received.received_by, Role.OPERATOR, operator.id, operator.public_id),
        file=file,
        continuation=continuation,
        sha256=received.sha256,
        file_name=received.file_name,
        confirmation=confirmation,
        report_progress=report_progress,
    )
    advance(
        received,
        STATEMENT_IMPORT,
        command="import",
        role="system",
        statement=statement,
        content=None,
        ended_at=clock.now(),
        **stated,
    )
    _resume_followers(received)
    return received


def _locked(**which: Any) -> StatementImport:
    """The import that ``which`` names, locked, without its content."""
    return StatementImport.objects.select_for_update(no_key=True).defer("content").get(**which)


def _ask_second_person(received: StatementImport, fresh: Sequence[BankStatementLine]) -> None:
    """Show the receipts to their owners and to the operator, and ask for a second person."""
    receipts = [line for line in fresh if line.direction == BankDirection.CREDIT]
    matcher = Matcher(receipts)
    insert_columns(
        UnconfirmedReceipt._meta.db_table,
        {
            "public_id": ("text", new_identifiers("ucr", len(receipts))),
            "statement_import_id": ("bigint", [received.pk] * len(receipts)),
            "line": ("integer", [line.number for line in receipts]),
            "organisation_id": ("bigint", [matcher.recognise(line).organisation_id for line in receipts]),
            "booked_on": ("date", [line.booked_on for line in receipts]),
            "amount_minor": ("bigint", [line.amount_minor for line in receipts]),
            "currency": ("text", [line.currency for line in receipts]),
            "remittance_information": ("text", [line.remittance_information for line in receipts]),
        },
    )
    amount_minor = sum(line.amount_minor for line in receipts)
    record(
        kind="clearing.statement_confirmation_asked",
        subject=received.public_id,
        actor=SYSTEM,
        payload={"credits_minor": amount_minor, "currency": received.currency},
    )
    emit(
        StatementConfirmationNeeded(
            statement_import=received.public_id, amount_minor=amount_minor, currency=str(received.currency)
        )
    )


def _resume_followers(imported: StatementImport) -> None:
    """Have a job read again what waits for ``imported``, if anything does."""
    if _waiting_in(imported.currency).exists():
        enqueue(kind=CONTINUE_STATEMENTS, subject=imported.public_id)


def _waiting_in(currency: str | None) -> QuerySet[StatementImport]:
    """Statements of a currency that wait for the one before them, the earliest first."""
    rows = StatementImport.objects.filter(state=ImportState.WAITING, currency=currency)
    return rows.order_by("opening_on", "pk")


@record_refusals()
def confirm_statement(
    *, actor: Actor, statement_import: str, sha256: str, closing_balance_minor: int
) -> StatementImport:
    """Confirm an uploaded statement by the hash and closing balance that a second person read at the bank.

    The person downloads the file from the bank itself, computes its SHA-256, and reads the closing balance from the
    bank's screen. Of a statement that waits for it, enqueues the job that imports it. A statement that was imported without it
    is confirmed so that the segregation check may rely on its balance. A wrong value is recorded as evidence. Raises
    ConfirmationDiffers, AnotherPersonNeeded for the uploader or who answers for it, IllegalTransition for one that was
    confirmed or refused or waits for another statement, Missing, Forbidden.
    """
    received = _waiting_for_operator(actor, statement_import)
    is_imported = received.state == ImportState.IMPORTED and not hasattr(received, "confirmation")
    if not is_imported:
        STATEMENT_IMPORT.target(state=received.state, command="confirm", role="operator")
    if actor.identifier in (received.received_by, received.received_responsible):
        raise AnotherPersonNeeded(statement_import=received.public_id)
    actor.require_person()
    stated = (sha256.strip().lower(), closing_balance_minor)
    if stated != (received.sha256, received.closing_balance_minor):
        raise ConfirmationDiffers(
            record=lambda: _record_difference(actor, statement_import, *stated),
            statement_import=received.public_id,
        )
    StatementConfirmation.objects.create(
        statement_import=received,
        sha256=received.sha256,
        closing_balance_minor=closing_balance_minor,
        confirmed_by=actor.identifier,
        confirmed_at=clock.now(),
    )
    if not is_imported:
        job = enqueue(kind=IMPORT_CONFIRMED, subject=received.public_id).public_id
        advance(received, STATEMENT_IMPORT, command="confirm", role="operator", job=job)
        _end_confirmation(received)
    record(
        kind="clearing.statement_confirmed",
        subject=received.public_id,
        actor=actor,
        payload={"sha256": received.sha256, "closing_balance_minor": closing_balance_minor},
    )
    return received


def _waiting_for_operator(actor: Actor, statement_import: str) -> StatementImport:
    """The import, locked, for a command of a person of the operator. Raises Missing, Forbidden."""
    if actor.role is not Role.OPERATOR:
        raise Forbidden(needed=Label("a person of the operator", "運営者の担当者"))
    actor.require(Permission.CLEARING_WRITE)
    try:
        return _locked(public_id=statement_import)
    except StatementImport.DoesNotExist:
        raise Missing(kind="statement import", identifier=statement_import) from None


@transaction.atomic
def _record_difference(
    actor: Actor, statement_import: str, sha256: str, closing_balance_minor: int
) -> dict[str, str]:
    record(
        kind="clearing.statement_confirmation_differs",
        subject=statement_import,
        actor=actor,
        payload={"sha256": sha256, "closing_balance_minor": str(closing_balance_minor)},
    )
    return {}


def _end_confirmation(received: StatementImport) -> None:
    emit(StatementConfirmationEnded(statement_import=received.public_id, state=str(received.state)))


@transaction.atomic
def withdraw_statement(*, actor: Actor, statement_import: str) -> StatementImport:
    """Withdraw a statement that waits for the one before it or for confirmation; nothing of it was imported.

    Raises IllegalTransition, Missing, Forbidden.
    """
    received = _waiting_for_operator(actor, statement_import)
    was_asked = received.state == ImportState.AWAITING_CONFIRMATION
    _end_refused(received, [_WITHDRAWN], command="withdraw", actor=actor)
    if was_asked:
        _end_confirmation(received)
    return received


@transaction.atomic
def _refuse(key: int, faults: list[dict[str, Any]]) -> StatementImport:
    received = _locked(pk=key)
    if received.state in _TO_DO:
        _end_refused(received, faults, command="refuse", actor=SYSTEM)
    return received


def _end_refused(
    received: StatementImport, faults: list[dict[str, Any]], *, command: str, actor: Actor
) -> None:
    advance(
        received,
        STATEMENT_IMPORT,
        command=command,
        role="system" if actor is SYSTEM else "operator",
        faults=faults,
        content=None,
        ended_at=clock.now(),
    )
    record(
        kind="clearing.statement_refused",
        subject=received.public_id,
        actor=actor,
        payload={"sha256": received.sha256, "code": faults[0]["code"], "faults": len(faults)},
    )


def faults_of(error: DomainError) -> list[dict[str, Any]]:
    """Why a file was refused, as ``StatementImport.faults`` holds it: one entry per fault."""
    return [_fault_of(fault) for fault in (error.faults if isinstance(error, StatementFaulty) else [error])]


def _fault_of(error: DomainError) -> dict[str, Any]:
    field = error.name if isinstance(error, FieldInvalid) else error.field
    message = error.fields["reason"] if isinstance(error, FieldInvalid) else error.message
    line = error.fields.get("line")
    if field and (placed := _LINE.fullmatch(field)):
        line, field = int(placed[1]), placed[2]
    return {
        "line": line,
        "field": field,
        "code": error.code,
        "message": message.as_dict(),
    }


def run_import(work: Work) -> None:
    """Take the bank statement that the job is about as far as it goes."""
    import_received(statement_import=work.subject, report_progress=work.report_progress)


def run_continuation(work: Work) -> None:
    """Read again what waits for the bank statement that the job is about, the earliest first."""
    imported = StatementImport.objects.defer("content").get(public_id=work.subject)
    for identifier in list(_waiting_in(imported.currency).values_list("public_id", flat=True)):
        import_received(statement_import=identifier)


def give_up(subject: str, _arguments: Arguments) -> None:
    """Refuse a bank statement whose job is parked, so that its file can be uploaded again."""
    _refuse(StatementImport.objects.only("pk").get(public_id=subject).pk, [_GAVE_UP])


IMPORT_STATEMENT = JobKind(
    name="clearing.import_statement",
    queue=Queue.CLEARING,
    label=Label("import a bank statement", "入出金明細の取込"),
    run=run_import,
    seconds_max=120,
    backoff_seconds=(2, 10, 60),
    on_ended=give_up,
)

IMPORT_CONFIRMED = JobKind(
    name="clearing.import_confirmed_statement",
    queue=Queue.CLEARING,
    label=Label("import a confirmed bank statement", "確認済みの入出金明細の取込"),
    run=run_import,
    seconds_max=120,
    backoff_seconds=(2, 10, 60),
    on_ended=give_up,
)

CONTINUE_STATEMENTS = JobKind(
    name="clearing.continue_statements",
    queue=Queue.CLEARING,
    label=Label("import the bank statements that waited for another", "待機中の入出金明細の取込"),
    run=run_continuation,
    seconds_max=120,
    backoff_seconds=(2, 10, 60),
)
