"""After a restoration no payment reference is used twice, and nothing is sent before the bank has told what was sent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction

from clearing.bank.errors import SendingNotShut, StatementsOutstanding, StatementUnreconciled
from clearing.bank.reopening import open_sending
from clearing.cycles.queries import value_date_on
from clearing.models import (
    BankEntry,
    BankStatement,
    Restoration,
    SendingOpening,
    SettlementInstruction,
    TransferFile,
)
from clearing.settlement.errors import SendingIsShut
from clearing.settlement.queries import PaymentReadings
from clearing.settlement.services.payments import report_failed_payment, retry_payment
from clearing.settlement.services.restorations import record_restoration
from clearing.settlement.services.transfer_files import create_transfer_file
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.metrics import GAUGES
from marketplace.observability.alarms import apply_readings
from tests.participants.factories import client_of
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import refused, run
from ..test_invariants import broken, changed_behind_the_guards

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


@made_once
def cleared(market):
    """A cycle that waits for its payments: 10,450 to the seller, 550 to the operator."""
    factories.accepted(market, "buyer", "seller", 10_000)
    return factories.clear(market)


def pass_the_value_date() -> None:
    """The bank has carried out what was handed to it before the restoration."""
    clock.move_to(clock.now() + timedelta(days=10), running=False)


def import_up_to_now(market, rows=()):
    return import_up_to(clock.today(), market, rows)


def import_up_to(day: date, market, rows=()):
    """The bank's statement up to the day, which continues the last one."""
    return factories.import_only(market, list(rows), closing_on=day)


def open_by_two(first: Actor, second: Actor, restoration: Restoration) -> None:
    with pytest.raises(SecondPersonNeeded):
        open_sending(actor=first, restoration=restoration.public_id, currency="JPY")
    open_sending(actor=second, restoration=restoration.public_id, currency="JPY")


def test_a_restoration_is_part_of_every_payment_planned_after_it(market, cleared):
    before = {row.reference for row in factories.instructions(cleared)}
    assert all("R" not in reference.removeprefix("JPY") for reference in before)
    made = record_restoration(restored_to=datetime(2026, 1, 2, tzinfo=UTC))
    assert (made.number, record_restoration().number) == (1, 2)

    factories.accepted(market, "buyer", "seller", 20_000)
    again = factories.clear(market)

    references = [row.reference for row in factories.instructions(again)]
    assert references == [f"JPY{again.number:05d}R2-{number:06d}" for number in (1, 2)]
    assert {row.reference for row in factories.instructions(cleared)} == before
    assert [row.payload for row in EvidenceRecord.objects.filter(kind="clearing.database_restored")] == [
        {"number": 1, "restored_to": "2026-01-02T00:00:00+00:00"},
        {"number": 2, "restored_to": None},
    ]
    assert broken() == {}


def test_a_payment_is_made_again_under_the_newest_restoration(market, cleared):
    create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    failed = factories.instructions(cleared)[0]
    report_failed_payment(actor=market.actor, instruction=failed.public_id, reason="口座該当なし")
    record_restoration()
    again = retry_payment(actor=market.actor, instruction=failed.public_id)
    assert again.reference == f"JPY{cleared.number:05d}R1-000003"


def test_nothing_is_sent_while_sending_is_shut(market, cleared):
    payment = factories.instructions(cleared)[0]
    restoration = record_restoration()
    with pytest.raises(SendingIsShut) as refusal:
        create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert refusal.value.fields == {"currency": "JPY", "restoration": restoration.public_id}
    refused(
        "UPDATE clearing_settlementinstruction SET state = 'sending' WHERE id = %s",
        payment.pk,
        because="sending in JPY is shut",
    )
    assert (TransferFile.objects.count(), factories.planned(cleared)) == (0, 2)
    waiting = PaymentReadings([payment]).waiting(payment)
    assert waiting is not None
    assert (waiting.reason.code, waiting.since) == ("payment.sending_shut", restoration.happened_at)
    assert broken() == {}


def test_statements_up_to_now_and_two_people_open_sending(market, cleared, first, second):
    restoration = record_restoration()
    with pytest.raises(StatementsOutstanding):
        open_sending(actor=first, restoration=restoration.public_id, currency="JPY")
    import_up_to_now(market)
    with pytest.raises(StatementsOutstanding):
        open_sending(actor=first, restoration=restoration.public_id, currency="JPY")
    pass_the_value_date()
    forged = import_up_to_now(market)
    changed_behind_the_guards(
        "clearing_bankstatement",
        f"UPDATE clearing_bankstatement SET ledger_balance_minor = 1 WHERE id = {forged.pk}",
    )
    with pytest.raises(StatementUnreconciled):
        open_sending(actor=first, restoration=restoration.public_id, currency="JPY")
    import_up_to_now(market, [factories.booking("credit", 1, "利息")])
    with pytest.raises(SecondPersonNeeded):
        open_sending(actor=first, restoration=restoration.public_id, currency="JPY")
    with pytest.raises(SecondPersonNeeded):
        open_sending(actor=first, restoration=restoration.public_id, currency="JPY")
    assert SendingOpening.objects.count() == 0
    assert GAUGES["clearing_sending_shut_currencies"].samples() == {(): 1.0}
    with pytest.raises(SendingIsShut):
        create_transfer_file(actor=market.actor, cycle=cleared.public_id)

    open_sending(actor=second, restoration=restoration.public_id, currency="JPY")

    assert GAUGES["clearing_sending_shut_currencies"].samples() == {(): 0.0}
    (opening,) = SendingOpening.objects.all()
    assert (opening.first_person, opening.opened_by) == ("usr_first", "usr_second")
    assert create_transfer_file(actor=market.actor, cycle=cleared.public_id).records == 2
    events = OutboxEvent.objects.filter(subject=restoration.public_id).order_by("pk")
    assert [event.type for event in events] == ["sending.shut", "sending.opened"]
    assert events[1].data["everywhere"] is True
    with pytest.raises(SendingNotShut):
        open_sending(actor=first, restoration=restoration.public_id, currency="JPY")
    assert broken() == {}


def test_what_was_sent_before_the_restoration_is_not_sent_again(market, cleared, first, second):
    """The restored market has forgotten its transfer file; the bank's statement tells it."""
    sent, unsent = factories.instructions(cleared)
    restoration = record_restoration()
    pass_the_value_date()
    line = factories.booking("debit", sent.amount_minor, f"総合振込 {sent.reference}")
    import_up_to_now(market, [line])
    open_by_two(first, second, restoration)
    made = create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert (made.records, made.total_minor) == (1, unsent.amount_minor)
    sent.refresh_from_db()
    assert sent.state == "confirmed"
    assert broken() == {}


def test_an_old_statement_imported_late_does_not_open_sending(market, cleared, first, second):
    """The bank has paid; a statement from before agrees with the ledger, which has forgotten it too."""
    restoration = record_restoration()
    restored_on = clock.today()
    carried_out_on = value_date_on(restored_on, "JPY")
    pass_the_value_date()
    for day in (restored_on, carried_out_on - timedelta(days=1)):
        old = import_up_to(day, market)
        assert (old.closing_on, old.closing_balance_minor) == (day, old.ledger_balance_minor)
        for actor in (first, second):
            with pytest.raises(StatementsOutstanding) as refusal:
                open_sending(actor=actor, restoration=restoration.public_id, currency="JPY")
            assert refusal.value.fields == {"currency": "JPY", "day": carried_out_on.isoformat()}
    assert SendingOpening.objects.count() == 0
    with pytest.raises(SendingIsShut):
        create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    assert factories.planned(cleared) == 2

    reaching = import_up_to(carried_out_on, market)
    open_by_two(first, second, restoration)

    told = EvidenceRecord.objects.get(kind="clearing.sending_opened").payload
    assert (told["statement"], told["closing_on"]) == (reaching.public_id, carried_out_on.isoformat())
    # What a real market raises by itself: sending was shut beyond the day of both payments.
    apply_readings({"payments_unsent": 2.0})
    assert broken() == {}


def test_a_statement_of_the_value_date_that_is_imported_on_it_does_not_open_sending(market, cleared, first):
    restoration = record_restoration()
    carried_out_on = value_date_on(clock.today(), "JPY")
    while clock.today() < carried_out_on:
        clock.move_to(clock.now() + timedelta(days=1), running=False)
    import_up_to(carried_out_on, market)
    with pytest.raises(StatementsOutstanding):
        open_sending(actor=first, restoration=restoration.public_id, currency="JPY")
    assert SendingOpening.objects.count() == 0


def test_both_people_confirm_the_debits_that_no_payment_explains(market, cleared, first, second):
    """A debit of a payment that was planned after the backup: its reference is nobody's any more."""
    restoration = record_restoration()
    pass_the_value_date()
    import_up_to_now(market)
    with pytest.raises(SecondPersonNeeded):
        open_sending(actor=first, restoration=restoration.public_id, currency="JPY")
    lost = factories.booking("debit", 700, "総合振込 JPY09999-000001")
    import_up_to_now(market, [lost])
    with pytest.raises(SecondPersonNeeded):
        open_sending(actor=second, restoration=restoration.public_id, currency="JPY")
    open_sending(actor=first, restoration=restoration.public_id, currency="JPY")
    told = EvidenceRecord.objects.get(kind="clearing.sending_opened").payload
    assert (told["unexplained_debits"], told["unexplained_minor"]) == (1, 700)
    assert BankEntry.objects.get(amount_minor=700).mismatch_code == "unknown_reference"


def test_a_second_restoration_shuts_sending_again(market, cleared, first, second):
    older = record_restoration()
    pass_the_value_date()
    import_up_to_now(market)
    open_by_two(first, second, older)
    newer = record_restoration()
    with pytest.raises(SendingIsShut):
        create_transfer_file(actor=market.actor, cycle=cleared.public_id)
    with pytest.raises(SendingNotShut):
        open_sending(actor=first, restoration=older.public_id, currency="JPY")
    with pytest.raises(StatementsOutstanding):
        open_sending(actor=first, restoration=newer.public_id, currency="JPY")


def test_only_the_operator_opens_sending(market):
    restoration = record_restoration()
    with pytest.raises(Forbidden):
        open_sending(actor=PARTICIPANT, restoration=restoration.public_id, currency="JPY")
    with pytest.raises(Missing):
        open_sending(actor=market.actor, restoration="rst_none", currency="JPY")
    assert SendingOpening.objects.count() == 0


def test_the_database_counts_and_opens_as_the_services_do(market, cleared):
    first = record_restoration()
    insert = (
        "INSERT INTO clearing_restoration (public_id, number, happened_at, recorded_by)"
        " VALUES ('rst_raw', %s, now(), 'x')"
    )
    for number in (0, 1):
        refused(insert, number, because="is not later than the newest|unique")
    refused("DELETE FROM clearing_restoration", because="append-only")
    refused("UPDATE clearing_restoration SET number = 9", because="append-only")
    opening = (
        "INSERT INTO clearing_sendingopening (restoration_id, currency, statement, first_person, opened_by, opened_at)"
        " VALUES (%s, 'JPY', %s, %s, 'usr_confirming', now())"
    )
    refused(opening, first.pk, "bst_none", "a", because="cannot be opened by statement")
    early = first.happened_at.astimezone(UTC).date() - timedelta(days=1)
    for forged in (f"opening_on = '{early}', closing_on = '{early}'", "ledger_balance_minor = 1"):
        old = import_up_to_now(market)
        with transaction.atomic():
            changed_behind_the_guards(
                "clearing_bankstatement",
                f"UPDATE clearing_bankstatement SET {forged} WHERE id = {old.pk}",
            )
            refused(opening, first.pk, old.public_id, "a", because="cannot be opened by statement")
            transaction.set_rollback(True)
    assert SendingOpening.objects.count() == 0
    balanced = import_up_to_now(market)
    refused(opening, first.pk, balanced.public_id, "usr_confirming", because="sending_opened_by_two")
    refused(opening, first.pk, balanced.public_id, "a", because="is no natural person of the operator")
    run(opening, first.pk, balanced.public_id, "usr_desk")
    refused(opening, first.pk, balanced.public_id, "usr_desk", because="sending_opened_once")
    refused("UPDATE clearing_sendingopening SET currency = 'USD'", because="append-only")
    payment = factories.instructions(cleared)[0]
    columns = [
        field.column
        for field in SettlementInstruction._meta.concrete_fields
        if field.column
        not in ("id", "public_id", "sequence", "reference", "restoration", "cycle_id", "purpose")
    ]
    copy = (
        f"INSERT INTO clearing_settlementinstruction ({', '.join(columns)}, public_id, sequence, reference, restoration,"
        f" purpose) SELECT {', '.join(columns)}, 'stl_raw', 99, %s, %s, 'idle_return'"
        " FROM clearing_settlementinstruction WHERE id = %s"
    )
    refused(copy, "JPY00000-000099", 0, payment.pk, because="does not name the newest restoration|exceed")
    refused(copy, "JPY00000-000099", 1, payment.pk, because="instruction_names_restoration")
    assert SettlementInstruction.objects.count() == 2


def test_an_opening_without_a_statement_of_its_day_is_found(market, cleared):
    old = import_up_to_now(market)
    pass_the_value_date()
    restoration = record_restoration()
    reaching = import_up_to_now(market)
    with unguarded("clearing_sendingopening"):
        for currency, statement in (("JPY", old), ("USD", reaching)):
            run(
                "INSERT INTO clearing_sendingopening (restoration_id, currency, statement, first_person, opened_by,"
                " opened_at) VALUES (%s, %s, %s, 'a', 'b', now())",
                *(restoration.pk, currency, statement.public_id),
            )
    assert REGISTER["clearing.sending_opened_by_statement"].check() == [
        {"statement": old.public_id, "number": restoration.number}
    ]


def test_the_command_counts_a_restoration(market, capsys):
    call_command("record_restoration", "--restored-to", "2026-01-02T09:00:00+09:00")
    assert Restoration.objects.get().restored_to == datetime(2026, 1, 2, tzinfo=UTC)
    assert "restoration 1" in capsys.readouterr().out
    for wrong in ("yesterday", "2026-01-02T09:00:00"):
        with pytest.raises(CommandError, match="write it as"):
            call_command("record_restoration", "--restored-to", wrong)
    assert Restoration.objects.count() == 1


def test_restorations_over_http(market, cleared, first):
    restoration = record_restoration()
    client = client_of(market.operator)
    (row,) = client.get("/api/v1/restorations/").json()["results"]
    assert (row["id"], row["number"], row["shut"], row["opened"]) == (restoration.public_id, 1, ["JPY"], [])
    answer = client.post(f"/api/v1/restorations/{restoration.public_id}/open-sending/", {"currency": "JPY"})
    assert (answer.status_code, answer.json()["code"]) == (409, "statements_outstanding")
    assert client_of(market.party("seller")).get("/api/v1/restorations/").status_code == 403


def test_an_old_statement_over_http_does_not_open_sending(market, cleared, first):
    restoration = record_restoration()
    old = clock.today()
    pass_the_value_date()
    client = client_of(market.operator)

    def upload(closing_on: date) -> dict[str, object]:
        file = SimpleUploadedFile("old.csv", factories.statement([], closing_on=closing_on), "text/csv")
        answer = client.post("/api/v1/bank-statements/", {"file": file}, format="multipart")
        assert answer.status_code == 202
        run_due("clearing")
        return client.get(f"/api/v1/statement-imports/{answer.json()['id']}/").json()

    before = BankStatement.objects.count()
    future = upload(clock.today() + timedelta(days=1))
    assert [fault["field"] for fault in future["faults"]] == ["closing_on"]
    assert BankStatement.objects.count() == before

    statement = upload(old)["statement"]
    assert (statement["closing_on"], statement["ledger_balance_minor"]) == (
        old.isoformat(),
        statement["closing_balance_minor"],
    )
    path = f"/api/v1/restorations/{restoration.public_id}/open-sending/"
    answer = client.post(path, {"currency": "JPY"})
    assert (answer.status_code, answer.json()["code"]) == (409, "statements_outstanding")
    assert SendingOpening.objects.count() == 0

    assert upload(clock.today())["state"] == "imported"
    assert client.post(path, {"currency": "JPY"}).json()["code"] == "second_person_needed"


def test_a_list_of_restorations_reads_what_is_shut_once(market, first, django_assert_num_queries):
    client = client_of(market.operator)
    for made in (1, 2):
        for _ in range(made):
            record_restoration()
        with django_assert_num_queries(7):
            rows = client.get("/api/v1/restorations/").json()["results"]
        assert sorted((row["number"], row["shut"]) for row in rows) == [
            *((number, []) for number in range(1, len(rows))),
            (len(rows), ["JPY"]),
        ]
    assert len(rows) == 3
