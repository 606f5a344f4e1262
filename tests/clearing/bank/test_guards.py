"""The database's guards of bank entries, tried by raw SQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from clearing.bank import uploads
from clearing.models import Account, BankStatement, Entry, StatementConfirmation
from marketplace.kernel import clock
from tests.participants.factories import known_person
from tests.roles import as_owner

from .. import factories
from ..raw import WHOLE, account, refused
from ..test_invariants import broken, changed_behind_the_guards

STATED = (
    "number", "currency", "account", "sha256", "opening_on", "closing_on", "opening_balance_minor",
    "closing_balance_minor", "credits", "credits_minor", "debits", "debits_minor", "confirmation_id", "imported_by",
    "imported_on",
)  # fmt: skip
INSERT = (
    f"INSERT INTO clearing_bankstatement (public_id, file_name, lines, ledger_balance_minor, imported_at,"
    f" {', '.join(STATED)}) VALUES ('bst_raw', 'raw', 0, 0, %s, {', '.join(['%s'] * len(STATED))})"
)


def following(**changes: Any) -> list[Any]:
    """The values of a statement without entries that continues the newest one, with ``changes``."""
    newest = BankStatement.objects.order_by("number").last()
    stated: dict[str, Any] = {name: getattr(newest, name) for name in STATED}
    stated |= {"number": newest.number + 1, "sha256": "f" * 64, "opening_on": newest.closing_on}
    stated |= {"credits": 0, "credits_minor": 0, "debits": 0, "debits_minor": 0}
    stated["opening_balance_minor"] = newest.closing_balance_minor
    return [clock.now(), *(stated | changes).values()]


def test_a_bank_entry_is_recorded_and_posted_once(market, secured):
    refused(
        "INSERT INTO clearing_bankentry (public_id, statement_id, entry_reference, booked_on, direction, amount_minor,"
        " currency, counterparty_name, counterparty_account, remittance_information, match, mismatch_code)"
        " SELECT 'bke_raw', statement_id, entry_reference, booked_on, direction, amount_minor, currency, '', '', '',"
        " 'unallocated', 'raw' FROM clearing_bankentry",
        because="bank_entry_reference_once",
    )
    refused("UPDATE clearing_bankentry SET amount_minor = 1", because="append-only")
    bank, available = Account.objects.get(kind="bank_client"), account(market, "buyer", "available")
    used = Entry.objects.get(kind="pay_in").reference
    refused(
        f"{WHOLE.replace(chr(39) + 'raw' + chr(39), '%s')} SELECT id, 1, %s, 5, 'JPY', 'pay_in' FROM made"
        " UNION ALL SELECT id, 2, %s, -5, 'JPY', 'pay_in' FROM made",
        used, bank.pk, available.pk, because="reference",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"number": 3}, "does not continue"),
        ({"number": 1}, "does not continue|number_once"),
        ({"opening_balance_minor": 1, "closing_balance_minor": 1}, "does not continue"),
        ({"closing_balance_minor": 1}, "bank_statement_adds_up"),
        ({"credits": 1, "credits_minor": 1}, "bank_statement_adds_up"),
        ({"account": "0901-001-ordinary-1111111"}, "was not registered"),
        ({"currency": "USD", "number": 1, "opening_balance_minor": 0, "closing_balance_minor": 0}, "was not registered"),
    ],
)  # fmt: skip
def test_a_statement_that_does_not_continue_is_refused(market, changes, because):
    factories.pay_in(market, "buyer", 500)
    refused(INSERT, *following(**changes), because=because)
    for days in (-1, 30):
        day = clock.today() + timedelta(days=days)
        refused(
            INSERT, *following(opening_on=day, closing_on=max(day, clock.today())), because="does not continue|day"
        )  # fmt: skip
    assert (BankStatement.objects.count(), broken()) == (1, {})


def test_a_statement_is_committed_with_the_entries_that_it_states(market):
    factories.pay_in(market, "buyer", 500)
    values = following(credits=1, credits_minor=7, closing_balance_minor=507)
    entry = (
        "INSERT INTO clearing_bankentry (public_id, statement_id, entry_reference, booked_on, direction, amount_minor,"
        " currency, counterparty_name, counterparty_account, remittance_information, match, mismatch_code)"
        " SELECT 'bke_raw', id, 'RAW', %s, 'credit', %s, 'JPY', '', '', '', 'unallocated', 'raw' FROM clearing_bankstatement"
        " ORDER BY id DESC LIMIT 1"
    )
    refused(f"{INSERT}; SET CONSTRAINTS ALL IMMEDIATE", *values, because="without all of its entries")
    today = clock.today()
    for day, amount in ((today, 8), (today - timedelta(days=1), 7)):
        refused(
            f"{INSERT}; {entry}", *values, day, amount, because="differ from its totals, currency or period"
        )
    refused(entry, today, 7, because="differ from its totals")
    refused(
        f"{INSERT}; {entry}; SET CONSTRAINTS ALL IMMEDIATE",
        *values, today, 7,
        because="was committed with entries of other value dates",
    )  # fmt: skip
    assert BankStatement.objects.count() == 1


def test_large_receipts_are_not_imported_without_a_second_person(market):
    factories.pay_in(market, "buyer", 500)
    large = {"credits": 1, "credits_minor": 999_500, "closing_balance_minor": 1_000_000}
    refused(INSERT, *following(**large), because="was confirmed by no second person")
    received = uploads.receive_statement(
        actor=market.actor,
        content=factories.statement([factories.booking("credit", 999_500, "x")]),
        file_name="large.csv",
    )
    received = uploads.import_received(statement_import=received.public_id)
    assert received.state == "awaiting_confirmation"
    confirm = (
        "INSERT INTO clearing_statementconfirmation (statement_import_id, sha256, closing_balance_minor, confirmed_by,"
        " confirmed_at) VALUES (%s, %s, %s, %s, now())"
    )
    for sha256, closing_minor, person in (
        (received.sha256, 1_000_000, received.received_by),
        (received.sha256, 1_000_001, "usr_second"),
        ("0" * 64, 1_000_000, "usr_second"),
    ):
        refused(confirm, received.pk, sha256, closing_minor, person, because="confirmed by another person")
    program = (received.pk, received.sha256, 1_000_000, "app_program")
    refused(confirm, *program, because="statement_confirmed_by_person")
    uploads.confirm_statement(
        actor=market.second, statement_import=received.public_id, sha256=received.sha256, closing_balance_minor=1_000_000
    )  # fmt: skip
    confirmation = StatementConfirmation.objects.get()
    refused(INSERT, *following(**large, confirmation_id=confirmation.pk), because="is of another file")
    refused("UPDATE clearing_statementconfirmation SET confirmed_by = 'x'", because="append-only")
    refused("DELETE FROM clearing_unconfirmedreceipt", because="append-only")
    refused("UPDATE clearing_statementimport SET closing_balance_minor = 1", because="cannot be changed")
    assert BankStatement.objects.count() == 1
    uploads.import_received(statement_import=received.public_id)
    assert (BankStatement.objects.count(), broken()) == (2, {})


@pytest.mark.parametrize(
    "forged",
    [
        "closing_balance_minor = closing_balance_minor + 1, credits_minor = credits_minor + 1",
        "opening_on = opening_on + 40, closing_on = closing_on + 40",
        "number = 7",
        "credits = credits + 1",
    ],
)
def test_a_statement_forged_behind_the_guards_is_named(market, forged):
    factories.pay_in(market, "buyer", 500)
    factories.pay_in(market, "buyer", 600)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE clearing_bankstatement DROP CONSTRAINT bank_statement_closing_day,"
            " DROP CONSTRAINT bank_statement_adds_up"
        )
    changed_behind_the_guards(
        "clearing_bankstatement",
        f"UPDATE clearing_bankstatement SET {forged} WHERE number = 2",
    )
    assert "clearing.statements_continue" in broken()


def test_large_receipts_forged_behind_the_guards_are_named(market):
    factories.pay_in(market, "buyer", 2_000_000)
    assert broken() == {}
    changed_behind_the_guards(
        "clearing_bankstatement", "UPDATE clearing_bankstatement SET confirmation_id = NULL"
    )
    assert list(broken()) == ["clearing.large_receipts_confirmed"]


def test_made_up_people_decide_nothing(market):
    received = uploads.receive_statement(
        actor=market.actor,
        content=factories.statement([factories.booking("credit", 1_000_000, "x")]),
        file_name="large.csv",
    )
    received = uploads.import_received(statement_import=received.public_id)
    confirm = (
        "INSERT INTO clearing_statementconfirmation (statement_import_id, sha256, closing_balance_minor, confirmed_by,"
        " confirmed_at) VALUES (%s, %s, 1000000, %s, now())"
    )
    known_person(market.party("buyer"), "usr_buyer")
    for person in ("usr_made_up", "usr_buyer"):
        refused(confirm, received.pk, received.sha256, person, because="is no natural person of the operator")
    assert (StatementConfirmation.objects.count(), broken()) == (0, {})
    uploads.confirm_statement(
        actor=market.second, statement_import=received.public_id, sha256=received.sha256, closing_balance_minor=1_000_000
    )  # fmt: skip
    uploads.import_received(statement_import=received.public_id)
    assert broken() == {}
    changed_behind_the_guards(
        "clearing_statementconfirmation",
        "UPDATE clearing_statementconfirmation SET confirmed_by = 'usr_buyer'",
    )
    assert "clearing.decided_by_natural_persons" in broken()


def test_a_confirmation_by_the_uploader_forged_behind_the_guards_is_named(market):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE clearing_statementconfirmation DROP CONSTRAINT statement_confirmed_by_person"
        )
    factories.pay_in(market, "buyer", 2_000_000)
    changed_behind_the_guards(
        "clearing_statementconfirmation",
        "UPDATE clearing_statementconfirmation SET confirmed_by = (SELECT received_by FROM clearing_statementimport)",
    )
    assert list(broken()) == ["clearing.large_receipts_confirmed"]
