"""Uploaded statements: kept until their job has imported them whole or refused them by line, whatever ends the worker."""

from __future__ import annotations

from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from clearing.bank import uploads
from clearing.bank.bank_statement import BYTES_MAX, LINES_MAX
from clearing.bank.queries import pay_in_reference
from clearing.models import BankEntry, BankStatement, Posting, StatementImport
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.models import Job
from marketplace.jobs.runner import run_due
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden
from tests.participants.factories import client_of

from .. import factories
from ..raw import refused

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


def rows_of(market: factories.Market, lines: int) -> list[tuple[object, ...]]:
    reference = pay_in_reference(organisation=market.party("buyer").public_id)
    return [
        factories.booking("credit", 100 + number, reference, reference=f"U-{number}")
        for number in range(lines)
    ]


def receive(market: factories.Market, content: bytes) -> StatementImport:
    return uploads.receive_statement(actor=market.actor, content=content, file_name="u.csv")


def booked() -> tuple[int, int, int]:
    return BankStatement.objects.count(), BankEntry.objects.count(), Posting.objects.count()


def test_a_file_is_kept_until_its_job_has_imported_it(market):
    content = factories.statement(rows_of(market, 3))
    received = receive(market, content)
    stored = StatementImport.objects.get()
    assert (received.pk, stored.state, bytes(stored.content), booked()) == (
        stored.pk, "received", content, (0, 0, 0),
    )  # fmt: skip
    assert Job.objects.get(subject=received.public_id).public_id == received.job

    assert run_due("clearing") == 1

    stored.refresh_from_db()
    assert (stored.state, stored.content, stored.faults) == ("imported", None, [])
    assert (stored.statement.lines, stored.statement.added) == (3, 3)
    assert stored.statement.imported_by == market.actor.identifier
    assert factories.available(market, "buyer") == 303
    kinds = EvidenceRecord.objects.filter(kind__startswith="clearing.statement").order_by("pk")
    assert [record.kind for record in kinds] == ["clearing.statement_received", "clearing.statement_imported"]


def test_one_bad_line_among_many_books_nothing_and_is_named(market):
    lines = rows_of(market, 1_000)
    bad = [*lines]
    bad[730] = (*bad[730][:3], "-5", *bad[730][4:])
    refused_import = receive(market, factories.statement(bad))
    run_due("clearing")
    refused_import.refresh_from_db()
    assert (refused_import.state, refused_import.content, booked()) == ("refused", None, (0, 0, 0))
    (fault,) = refused_import.faults
    assert (fault["line"], fault["field"], fault["code"]) == (734, "amount_minor", "field_invalid")
    assert fault["message"]["en"].startswith("must be a positive whole number")

    right = factories.statement(lines)
    corrected = receive(market, right)
    run_due("clearing")
    corrected.refresh_from_db()
    assert (corrected.state, corrected.statement.added, BankEntry.objects.count()) == (
        "imported",
        1_000,
        1_000,
    )

    before = booked()
    assert receive(market, right).pk == corrected.pk
    assert run_due("clearing") == 0
    assert booked() == before
    more = [*lines, factories.booking("credit", 1, "x")]
    longer = receive(market, factories.statement(more, opening_minor=0))
    run_due("clearing")
    longer.refresh_from_db()
    assert longer.statement.added == 1


def test_the_receipts_of_one_payer_are_one_event(market):
    lines = [
        factories.booking("credit", 1 + number, pay_in_reference(organisation=market.party(name).public_id))
        for number, name in enumerate(("one", "other", "one", "one"))
    ]
    made = factories.import_only(market, lines)
    events = OutboxEvent.objects.filter(type="payment.received").order_by("pk")
    assert [(each.subject, each.data["amount_minor"], each.data["receipts"]) for each in events] == [
        (market.party("one").public_id, 1 + 3 + 4, 3),
        (market.party("other").public_id, 2, 1),
    ]
    assert (made.added, events[0].data["bank_reference"]) == (4, lines[0][0])


def test_the_progress_of_a_large_statement_goes_in_steps(market):
    reference = pay_in_reference(organisation=market.party("buyer").public_id)
    rows = [factories.booking("credit", 1, reference) for _ in range(4_001)]
    received = receive(market, factories.statement(rows))
    seen: list[tuple[int, int]] = []
    uploads.import_received(
        statement_import=received.public_id, report_progress=lambda *progress: seen.append(progress)
    )
    assert seen == [(done, 4_001) for done in (0, 0, 2_000, 4_000, 4_001)]


def test_every_fault_is_named_at_once(market):
    lines = rows_of(market, 3)
    bad = [(*lines[0][:1], "2026-02-30", *lines[0][2:]), lines[1], (*lines[2][:2], "in", *lines[2][3:])]
    received = receive(market, factories.statement(bad))
    run_due("clearing")
    received.refresh_from_db()
    assert [(fault["line"], fault["field"]) for fault in received.faults] == [
        (4, "booked_on"),
        (6, "direction"),
    ]
    assert booked() == (0, 0, 0)


def test_what_the_ledger_refuses_is_refused_with_its_line(market):
    lines = rows_of(market, 2)
    factories.receive(market, lines[:1])
    before = booked()
    changed = (*lines[0][:3], 999, *lines[0][4:])
    received = receive(market, factories.statement([lines[1], changed], opening_minor=0))
    run_due("clearing")
    received.refresh_from_db()
    (fault,) = received.faults
    assert (received.state, fault["line"], fault["code"]) == ("refused", 5, "bank_entry_changed")
    assert booked() == before


def test_an_import_is_done_once(market):
    received = receive(market, factories.statement(rows_of(market, 2)))
    again = partial(uploads.import_received, statement_import=received.public_id)
    assert again().state == "imported"
    before = booked()
    run_due("clearing")
    assert again(report_progress=lambda _done, _total: None).state == "imported"
    assert booked() == before


def test_an_import_whose_job_is_given_up_can_be_uploaded_again(market):
    content = factories.statement(rows_of(market, 1))
    received = receive(market, content)
    uploads.give_up(received.public_id, {})
    received.refresh_from_db()
    assert (received.state, received.faults[0]["code"], booked()) == ("refused", "import_failed", (0, 0, 0))
    again = receive(market, content)
    assert again.pk != received.pk
    run_due("clearing")
    again.refresh_from_db()
    assert (again.state, BankEntry.objects.count()) == ("imported", 1)


def test_giving_up_leaves_an_import_that_is_over(market):
    received = receive(market, factories.statement(rows_of(market, 1)))
    uploads.import_received(statement_import=received.public_id)
    uploads.give_up(received.public_id, {})
    received.refresh_from_db()
    assert (received.state, received.statement, received.faults) == (
        "imported",
        BankStatement.objects.get(),
        [],
    )


def test_trades_are_secured_by_the_event_and_not_in_the_import(market):
    trade = factories.conclude(market, "buyer", "seller", 1_000)
    reference = pay_in_reference(organisation=market.party("buyer").public_id)
    receive(market, factories.statement([factories.booking("credit", 1_100, reference)]))
    run_due("clearing")
    trade.refresh_from_db()
    assert (trade.state, factories.available(market, "buyer")) == ("concluded", 1_100)
    assert OutboxEvent.objects.filter(type="payment.received").count() == 1


def test_money_that_arrived_goes_to_the_earliest_trade_even_before_its_event(market):
    earlier = factories.conclude(market, "buyer", "seller", 1_000)
    reference = pay_in_reference(organisation=market.party("buyer").public_id)
    factories.import_only(market, [factories.booking("credit", 1_100, reference)])
    later = factories.conclude(market, "buyer", "other", 500)
    earlier.refresh_from_db()
    assert (earlier.state, later.state) == ("secured", "concluded")


def test_a_file_beyond_the_limits_is_refused_with_the_limit(market):
    with pytest.raises(FieldInvalid) as too_large:
        receive(market, b"x" * (BYTES_MAX + 1))
    assert (too_large.value.name, StatementImport.objects.count()) == ("file", 0)
    rows = [factories.booking("credit", 1, "x") for _ in range(LINES_MAX + 1)]
    received = receive(market, factories.statement(rows))
    run_due("clearing")
    received.refresh_from_db()
    assert received.faults[0]["message"]["en"] == (
        f"has {LINES_MAX + 1} lines: split it into files of {LINES_MAX} lines at most"
    )
    assert booked() == (0, 0, 0)


def test_only_the_operator_uploads_and_sees(market):
    with pytest.raises(Forbidden):
        uploads.receive_statement(actor=PARTICIPANT, content=b"", file_name="u.csv")
    operator, buyer = client_of(market.operator), client_of(market.party("buyer"))

    def upload(client):
        file = SimpleUploadedFile("s.csv", factories.statement(rows_of(market, 2)), "text/csv")
        return client.post("/api/v1/bank-statements/", {"file": file}, format="multipart")

    assert upload(buyer).status_code == 403
    assert StatementImport.objects.count() == 0
    made = upload(operator)
    assert (made.status_code, made.json()["state"], made.json()["statement"]) == (202, "received", None)
    path = f"/api/v1/statement-imports/{made.json()['id']}/"
    assert buyer.get(path).status_code == 403
    run_due("clearing")
    shown = operator.get(path).json()
    assert (shown["state"], shown["statement"]["added"], shown["faults"]) == ("imported", 2, [])
    assert operator.get(f"/api/v1/jobs/{shown['job']}/").json()["state"] == "done"
    assert operator.get("/api/v1/statement-imports/?state=imported").json()["results"][0] == shown


def test_the_database_refuses_an_import_in_a_wrong_state(market):
    receive(market, factories.statement(rows_of(market, 1)))
    change = "UPDATE clearing_statementimport SET {}"
    refused(
        change.format("state = 'imported', content = NULL, ended_at = now()"),
        because="statement_import_ended",
    )
    refused(
        change.format("state = 'refused', content = NULL, ended_at = now()"), because="statement_import_ended"
    )
    refused(change.format("content = NULL"), because="statement_import_ended")
    refused(change.format("faults = '[1]'"), because="statement_import_ended")
    refused(change.format("sha256 = 'x'"), because="cannot be changed")
    refused(change.format("closing_balance_minor = 5"), because="statement_import_read")
    refused("DELETE FROM clearing_statementimport", because="clearing_statementimport")
    refused(
        "INSERT INTO clearing_statementimport (public_id, file_name, sha256, content, state, faults, job, received_by,"
        " received_at) SELECT 'bsi_raw', file_name, sha256, content, 'received', '[]', job, received_by, received_at"
        " FROM clearing_statementimport",
        because="statement_import_once",
    )
    uploads.give_up(StatementImport.objects.get().public_id, {})
    refused(
        change.format("state = 'received', content = '', faults = '[]', ended_at = NULL"), because="refused"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM clearing_statementimport WHERE content IS NOT NULL")
        assert cursor.fetchone() == (0,)
