"""Receives uploaded bank statements and imports each by a job of its own."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.jobs.kinds import Arguments, JobKind, Progress, Work
from marketplace.jobs.services import enqueue
from marketplace.jobs.states import Queue
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import DomainError, FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.states import advance
from marketplace.participants.queries import operator_organisation

from ..ledger.locks import MOVER_LOCK
from .bank_statement import BYTES_MAX, TOO_LARGE
from .errors import StatementFaulty
from .models import BankStatement, StatementImport
from .services import import_bank_statement, require_closing_day
from .states import STATEMENT_IMPORT, ImportState

_LINE = re.compile(r"lines\.([0-9]+)\.(.+)")
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


@transaction.atomic
def receive_statement(
    *,
    actor: Actor,
    content: bytes,
    file_name: str,
    closing_balance_minor: int | None = None,
    closing_currency: str = "JPY",
    closing_on: date | None = None,
) -> StatementImport:
    """Keep an uploaded bank statement, and enqueue the job that imports it; returns its import.

    The same file with the same closing balance and day again returns the import that there is, unless that was refused.
    Raises FieldInvalid for a file of more than BYTES_MAX bytes, or a closing day in the future or without its balance;
    Forbidden.
    """
    actor.require_operator()
    if len(content) > BYTES_MAX:
        raise FieldInvalid("file", TOO_LARGE)
    require_closing_day(closing_on, closing_balance_minor)
    digest = sha256_hex(content)
    currency = None if closing_balance_minor is None else closing_currency
    MOVER_LOCK.acquire()
    existing = (
        StatementImport.objects.defer("content")
        .filter(
            sha256=digest,
            closing_currency=currency,
            closing_balance_minor=closing_balance_minor,
            closing_on=closing_on,
        )
        .exclude(state=ImportState.REFUSED)
        .first()
    )
    if existing is not None:
        return existing
    received = StatementImport(
        file_name=file_name[:200],
        sha256=digest,
        content=content,
        closing_currency=currency,
        closing_balance_minor=closing_balance_minor,
        closing_on=closing_on,
        received_by=actor.identifier,
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


def import_received(*, statement_import: str, report_progress: Progress) -> StatementImport:
    """Import a received bank statement, or refuse it with its faults; does nothing if that was done before.

    Call it outside transactions: the file is read first, then booked in one transaction, whose result a second one
    records. A worker that ends in between leaves an import that finds its statement the next time.
    """
    received = StatementImport.objects.get(public_id=statement_import)
    if received.state != ImportState.RECEIVED or received.content is None:
        return received
    operator = operator_organisation()
    closing: dict[str, Any] = {}
    if received.closing_currency is not None:
        closing = {
            "closing_balance_minor": received.closing_balance_minor,
            "closing_currency": received.closing_currency,
            "closing_on": received.closing_on,
        }
    try:
        statement = import_bank_statement(
            actor=Actor(received.received_by, Role.OPERATOR, operator.id, operator.public_id),
            content=bytes(received.content),
            file_name=received.file_name,
            report_progress=report_progress,
            **closing,
        )
    except DomainError as error:
        return _refuse(received.pk, faults_of(error))
    return _finish(received.pk, statement)


@transaction.atomic
def _finish(key: int, statement: BankStatement) -> StatementImport:
    received = StatementImport.objects.select_for_update(no_key=True).get(pk=key)
    if received.state == ImportState.RECEIVED:
        advance(
            received,
            STATEMENT_IMPORT,
            command="import",
            role="system",
            statement=statement,
            content=None,
            ended_at=clock.now(),
        )
    return received


@transaction.atomic
def _refuse(key: int, faults: list[dict[str, Any]]) -> StatementImport:
    received = StatementImport.objects.select_for_update(no_key=True).get(pk=key)
    if received.state != ImportState.RECEIVED:
        return received
    advance(
        received,
        STATEMENT_IMPORT,
        command="refuse",
        role="system",
        faults=faults,
        content=None,
        ended_at=clock.now(),
    )
    record(
        kind="clearing.statement_refused",
        subject=received.public_id,
        actor=SYSTEM,
        payload={"sha256": received.sha256, "code": faults[0]["code"], "faults": len(faults)},
    )
    return received


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
    """Import the bank statement that the job is about."""
    import_received(statement_import=work.subject, report_progress=work.report_progress)


def give_up(subject: str, _arguments: Arguments) -> None:
    """Refuse a bank statement whose job is parked, so that its file can be uploaded again.

    One that was booked by a worker that died before it recorded so is imported, whatever became of the job.
    """
    received = StatementImport.objects.defer("content").get(public_id=subject)
    booked = BankStatement.objects.filter(
        sha256=received.sha256,
        closing_currency=received.closing_currency,
        closing_balance_minor=received.closing_balance_minor,
        closing_on=received.closing_on,
    ).first()
    if booked is None:
        _refuse(received.pk, [_GAVE_UP])
    else:
        _finish(received.pk, booked)


IMPORT_STATEMENT = JobKind(
    name="clearing.import_statement",
    queue=Queue.CLEARING,
    label=Label("import a bank statement", "入出金明細の取込"),
    run=run_import,
    seconds_max=120,
    backoff_seconds=(2, 10, 60),
    on_ended=give_up,
)
