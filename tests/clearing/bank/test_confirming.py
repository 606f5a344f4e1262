"""No one person's word is money: large receipts are seen, and spend nothing, until a second person confirms them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearing.bank import uploads
from clearing.bank.errors import AnotherPersonNeeded, ConfirmationDiffers
from clearing.bank.queries import pay_in_reference, unconfirmed_receipts
from clearing.models import BankEntry, BankStatement, Posting, StatementConfirmation, StatementImport
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.jobs.runner import run_due
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import Forbidden, Missing
from marketplace.kernel.states import IllegalTransition
from tests.participants.factories import actor_for, client_of, person_of, program_of

from .. import factories
from ..raw import refused
from ..test_invariants import broken

PARTICIPANT = Actor("somebody", Role.PARTICIPANT, 1, "org_1")


def booked() -> tuple[int, int, int]:
    return BankStatement.objects.count(), BankEntry.objects.count(), Posting.objects.count()


def upload(
    market: factories.Market, *amounts: int, buyer: str = "buyer", actor: Actor | None = None
) -> tuple[StatementImport, bytes]:
    """One person, or ``actor``, uploads receipts of a buyer, and the job does what it may."""
    reference = pay_in_reference(organisation=market.party(buyer).public_id)
    content = factories.statement([factories.booking("credit", amount, reference) for amount in amounts])
    received = uploads.receive_statement(actor=actor or market.actor, content=content, file_name="s.csv")
    run_due("clearing")
    received.refresh_from_db()
    return received, content


def test_receipts_below_the_limit_count_at_once(market):
    received, _ = upload(market, 999_999)
    assert (received.state, received.statement.confirmation) == ("imported", None)
    assert factories.available(market, "buyer") == 999_999


def test_large_receipts_are_seen_and_spend_nothing_until_confirmed(market):
    trade = factories.conclude(market, "buyer", "seller", 900_000)
    received, content = upload(market, 600_000, 400_000)
    assert (received.state, booked(), factories.available(market, "buyer")) == (
        "awaiting_confirmation",
        (0, 0, 0),
        0,
    )
    trade.refresh_from_db()
    assert trade.state == "concluded"
    seen = unconfirmed_receipts(actor=actor_for(market.party("buyer")))
    assert sorted(row.amount_minor for row in seen) == [400_000, 600_000]
    assert unconfirmed_receipts(actor=actor_for(market.party("seller"))).count() == 0
    assert unconfirmed_receipts(actor=market.actor).count() == 2

    uploads.confirm_statement(
        actor=market.second,
        statement_import=received.public_id,
        sha256=sha256_hex(content).upper(),
        closing_balance_minor=1_000_000,
    )
    assert (booked(), run_due("clearing")) == ((0, 0, 0), 1)

    received.refresh_from_db()
    assert (received.state, received.statement.confirmation.confirmed_by) == (
        "imported",
        market.second.identifier,
    )
    assert factories.available(market, "buyer") == 1_000_000
    assert unconfirmed_receipts(actor=market.actor).count() == 0
    events = OutboxEvent.objects.filter(subject=received.public_id).order_by("pk")
    assert [(event.type, event.data.get("state")) for event in events] == [
        ("statement.confirmation_needed", None),
        ("statement.confirmation_ended", "confirmed"),
    ]
    kinds = EvidenceRecord.objects.filter(subject=received.public_id).order_by("pk")
    assert [(row.kind, row.actor) for row in kinds] == [
        ("clearing.statement_received", market.actor.identifier),
        ("clearing.statement_confirmation_asked", "system"),
        ("clearing.statement_confirmed", market.second.identifier),
    ]
    assert broken() == {}


def test_the_limit_cumulates_over_the_day_not_only_in_a_statement(market):
    first, _ = upload(market, 600_000)
    second, _ = upload(market, 400_000)
    assert (first.state, second.state) == ("imported", "awaiting_confirmation")
    assert factories.available(market, "buyer") == 600_000
    uploads.withdraw_statement(actor=market.second, statement_import=second.public_id)
    third, _ = upload(market, 399_999)
    assert third.state == "imported"
    fourth, _ = upload(market, 1)
    assert fourth.state == "awaiting_confirmation"
    factories.on_day(2030, 6, 3)
    uploads.withdraw_statement(actor=market.second, statement_import=fourth.public_id)
    assert upload(market, 999_999)[0].state == "imported"


def test_the_uploader_cannot_be_the_second_person(market):
    received, content = upload(market, 5_000_000)
    with pytest.raises(AnotherPersonNeeded):
        uploads.confirm_statement(
            actor=market.actor,
            statement_import=received.public_id,
            sha256=sha256_hex(content),
            closing_balance_minor=5_000_000,
        )
    assert (StatementConfirmation.objects.count(), booked()) == (0, (0, 0, 0))


def test_who_answers_for_the_program_that_uploaded_cannot_be_the_second_person(market):
    program = replace(market.actor, identifier="app_desk", responsible=market.actor.identifier)
    received, content = upload(market, 5_000_000, actor=program)
    stated = {"sha256": sha256_hex(content), "closing_balance_minor": 5_000_000}
    with pytest.raises(AnotherPersonNeeded):
        uploads.confirm_statement(actor=market.actor, statement_import=received.public_id, **stated)
    refused(
        "INSERT INTO clearing_statementconfirmation (statement_import_id, sha256, closing_balance_minor, confirmed_by,"
        " confirmed_at) VALUES (%s, %s, 5000000, %s, now())",
        received.pk,
        stated["sha256"],
        market.actor.identifier,
        because="confirmed by another person",
    )
    assert (StatementConfirmation.objects.count(), booked()) == (0, (0, 0, 0))
    uploads.confirm_statement(actor=market.second, statement_import=received.public_id, **stated)
    assert broken() == {}


@pytest.mark.parametrize(("sha256", "closing_minor"), [("0" * 64, 5_000_000), (None, 5_000_001)])
def test_another_hash_or_balance_than_the_bank_s_confirms_nothing_and_is_recorded(
    market, sha256, closing_minor
):
    received, content = upload(market, 5_000_000)
    with pytest.raises(ConfirmationDiffers):
        uploads.confirm_statement(
            actor=market.second,
            statement_import=received.public_id,
            sha256=sha256 or sha256_hex(content),
            closing_balance_minor=closing_minor,
        )
    received.refresh_from_db()
    assert (received.state, StatementConfirmation.objects.count(), booked()) == (
        "awaiting_confirmation",
        0,
        (0, 0, 0),
    )
    (told,) = EvidenceRecord.objects.filter(kind="clearing.statement_confirmation_differs")
    assert (told.subject, told.actor) == (received.public_id, market.second.identifier)


def test_only_a_person_of_the_operator_confirms_and_only_what_waits(market):
    received, content = upload(market, 5_000_000)
    stated = {"sha256": sha256_hex(content), "closing_balance_minor": 5_000_000}
    for actor in (PARTICIPANT, SYSTEM):
        with pytest.raises(Forbidden):
            uploads.confirm_statement(actor=actor, statement_import=received.public_id, **stated)
    with pytest.raises(Missing):
        uploads.confirm_statement(actor=market.second, statement_import="bsi_none", **stated)
    small, small_content = upload(market, 1)
    stated = {"sha256": sha256_hex(small_content), "closing_balance_minor": 1}
    uploads.confirm_statement(actor=market.second, statement_import=small.public_id, **stated)
    with pytest.raises(IllegalTransition):
        uploads.confirm_statement(actor=market.second, statement_import=small.public_id, **stated)
    assert (small.state, StatementConfirmation.objects.count()) == ("imported", 1)


def test_a_confirmed_statement_that_no_longer_continues_is_refused(market):
    received, content = upload(market, 5_000_000)
    upload(market, 1)
    uploads.confirm_statement(
        actor=market.second,
        statement_import=received.public_id,
        sha256=sha256_hex(content),
        closing_balance_minor=5_000_000,
    )
    run_due("clearing")
    received.refresh_from_db()
    assert (received.state, received.faults[0]["code"]) == ("refused", "statement_does_not_continue")
    assert factories.available(market, "buyer") == 1
    assert broken() == {}


def test_confirming_over_http(market):
    received, content = upload(market, 5_000_000)
    path = f"/api/v1/statement-imports/{received.public_id}/"
    operator = client_of(market.operator, person=person_of(market.operator))
    shown = operator.get(path).json()
    assert (shown["state"], shown["sha256"], shown["closing_balance_minor"]) == (
        "awaiting_confirmation",
        None,
        None,
    )
    assert shown["waiting"]["code"] == "statement_import.confirmation"
    buyer = client_of(market.party("buyer"))
    stated = {"sha256": sha256_hex(content), "closing_balance_minor": 5_000_000}
    assert buyer.post(f"{path}confirm/", stated, format="json").status_code == 403
    (receipt,) = buyer.get("/api/v1/unconfirmed-receipts/").json()["results"]
    assert (receipt["amount_minor"], receipt["state"], receipt["organisation"]) == (
        5_000_000,
        "awaiting_confirmation",
        market.party("buyer").public_id,
    )
    wrong = operator.post(f"{path}confirm/", stated | {"closing_balance_minor": 5}, format="json")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "confirmation_differs")
    assert program_of(market.operator).post(f"{path}confirm/", stated, format="json").status_code == 403
    confirmed = operator.post(f"{path}confirm/", stated, format="json")
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "confirmed")
    run_due("clearing")
    shown = operator.get(path).json()
    confirmed_by = shown["statement"]["confirmed_by"]
    assert (shown["state"], confirmed_by in {None, market.actor.identifier}) == ("imported", False)
    assert buyer.get("/api/v1/unconfirmed-receipts/").json()["results"] == []


def test_a_list_of_unconfirmed_receipts_reads_its_rows_at_once(market, django_assert_num_queries):
    operator = client_of(market.operator)
    for rows in (1, 3):
        received, _ = upload(market, *[2_000_000] * rows)
        with django_assert_num_queries(3):
            shown = operator.get("/api/v1/unconfirmed-receipts/").json()["results"]
        assert len(shown) == rows
        uploads.withdraw_statement(actor=market.second, statement_import=received.public_id)
