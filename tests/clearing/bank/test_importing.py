"""Statements continue each other to the yen: no gap, no overlap with other content, no other account, no other day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection

from clearing.bank import uploads
from clearing.bank.queries import pay_in_reference
from clearing.models import BankEntry, BankStatement, Posting, StatementImport
from clearing.settlement.services.client_accounts import register_client_account
from fixtures.day.bank import StatementNotImported
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from tests.standing import made_once

from .. import factories
from ..carrying_in import codes_of
from ..test_invariants import broken
from .statement_files import FORMATS, Part, as_csv, as_zengin, entry

MONDAY = date(2026, 12, 7)
TUESDAY = date(2026, 12, 8)


@made_once
def market() -> factories.Market:
    """A market of Monday, 7 December 2026, whose business time stands still on Tuesday of the week after."""
    factories.on_day(2026, 12, 4)
    made = factories.market()
    factories.on_day(2026, 12, 15)
    return made


def upload(market: factories.Market, content: bytes) -> StatementImport:
    """Upload a file and do its job."""
    received = uploads.receive_statement(actor=market.actor, content=content, file_name="s")
    run_due("clearing")
    received.refresh_from_db()
    return received


def state() -> tuple[int, int, int]:
    return BankStatement.objects.count(), BankEntry.objects.count(), Posting.objects.count()


def refusal(received: StatementImport) -> tuple[str, int | None, str | None]:
    (fault,) = received.faults
    assert received.state == "refused"
    return fault["code"], fault["line"], fault["field"]


def monday(market: factories.Market, amount_minor: int = 700) -> Part:
    reference = pay_in_reference(organisation=market.party("buyer").public_id)
    return Part([entry("1", "credit", amount_minor, reference, MONDAY)], MONDAY, MONDAY)


@pytest.mark.parametrize("write", FORMATS)
def test_a_file_of_every_format_is_booked(market, write):
    first = monday(market)
    reference = pay_in_reference(organisation=market.party("other").public_id)
    second = first.after([entry("1", "credit", 55, reference, TUESDAY)], TUESDAY)
    received = upload(market, write(first, second))
    assert (received.state, received.faults) == ("imported", [])
    assert [factories.available(market, name) for name in ("buyer", "other")] == [700, 55]
    made = received.statement
    assert (made.number, made.opening_on, made.closing_on) == (1, MONDAY, TUESDAY)
    assert (made.opening_balance_minor, made.closing_balance_minor, made.ledger_balance_minor) == (
        0,
        755,
        755,
    )
    assert (made.credits, made.credits_minor, made.debits, made.debits_minor) == (2, 755, 0, 0)
    assert broken() == {}


def test_the_same_reference_on_the_next_day_is_another_entry(market):
    first = monday(market)
    upload(market, as_zengin(first))
    received = upload(market, as_zengin(first.after([entry("1", "credit", 9, "x", TUESDAY)], TUESDAY)))
    assert (received.statement.number, received.statement.added) == (2, 1)
    assert BankEntry.objects.filter(entry_reference="00000001").count() == 2
    assert broken() == {}


def test_the_same_content_again_books_nothing_in_whatever_format(market):
    first = monday(market)
    upload(market, as_csv(first))
    before = state()
    assert upload(market, as_csv(first)).statement.number == 1
    assert state() == before
    again = upload(market, as_csv(first, first.after([], TUESDAY)))
    assert (again.state, again.statement.added, again.statement.lines) == ("imported", 0, 1)
    assert (again.statement.opening_on, again.statement.opening_balance_minor) == (MONDAY, 700)
    assert state() == (before[0] + 1, *before[1:])


def test_a_statement_that_opens_with_another_balance_is_refused_with_the_difference(market):
    first = monday(market)
    upload(market, as_csv(first))
    before = state()
    wrong = Part([], TUESDAY, TUESDAY, 701)
    received = upload(market, as_csv(wrong))
    assert refusal(received) == ("statement_does_not_continue", 2, "opening_balance_minor")
    message = received.faults[0]["message"]["en"]
    assert "opens with 701 JPY" in message
    assert "leave 700: a difference of +1" in message
    assert state() == before


def test_the_first_statement_opens_with_nothing(market):
    received = upload(market, as_csv(Part([], MONDAY, MONDAY, 1)))
    assert refusal(received) == ("statement_does_not_continue", 2, "opening_balance_minor")
    assert state() == (0, 0, 0)


def test_an_overlap_with_other_content_is_refused(market):
    first = monday(market)
    second = first.after([entry("1", "credit", 9, "x", TUESDAY)], TUESDAY)
    upload(market, as_csv(first, second))
    before = state()
    more = Part([*first.rows, entry("2", "credit", 1, "x", MONDAY)], MONDAY, MONDAY)
    for overlap in (
        (more, more.after(second.rows, TUESDAY)),
        (Part([], MONDAY, MONDAY, 700), Part(second.rows, TUESDAY, TUESDAY, 700)),
        (first,),
    ):
        assert refusal(upload(market, as_csv(*overlap)))[0] == "statement_overlaps"
    assert state() == before


def test_a_statement_out_of_order_waits_for_the_one_before_it(market):
    first = monday(market)
    second = first.after([entry("1", "credit", 9, "x", TUESDAY)], TUESDAY)
    third = second.after([], TUESDAY + timedelta(days=1))
    upload(market, as_csv(first))
    ahead = upload(market, as_csv(third))
    assert (ahead.state, ahead.statement, state()[0]) == ("waiting", None, 1)
    between = upload(market, as_csv(second))
    assert between.state == "imported"
    run_due("clearing")
    ahead.refresh_from_db()
    assert (ahead.state, ahead.statement.number, ahead.statement.closing_balance_minor) == (
        "imported",
        3,
        709,
    )
    assert broken() == {}


def test_days_without_a_bank_business_day_are_passed_over(market):
    friday = date(2026, 12, 4)
    first = Part([entry("1", "credit", 5, "x", friday)], friday, friday)
    assert upload(market, as_csv(first)).state == "imported"
    assert upload(market, as_csv(first.after([], MONDAY))).state == "imported"
    assert upload(market, as_csv(first.after([], date(2026, 12, 9)))).state == "waiting"


def test_what_waits_can_be_withdrawn_and_uploaded_again(market):
    upload(market, as_csv(monday(market)))
    later = as_csv(Part([], date(2026, 12, 10), date(2026, 12, 10), 700))
    waiting = upload(market, later)
    ended = uploads.withdraw_statement(actor=market.second, statement_import=waiting.public_id)
    assert (ended.state, ended.faults[0]["code"], ended.content) == ("refused", "withdrawn", None)
    assert upload(market, later).state == "waiting"


def test_another_account_and_days_before_it_was_registered_are_refused(market):
    before = state()
    foreign = upload(market, as_csv(Part((), MONDAY, MONDAY, 0, "0901-001-ordinary-1111111")))
    assert refusal(foreign) == ("field_invalid", 2, "account")
    early = date(2026, 12, 3)
    assert refusal(upload(market, as_csv(Part((), early, early)))) == ("field_invalid", 2, "opening_on")
    future = date(2026, 12, 16)
    assert refusal(upload(market, as_csv(Part((), future, future)))) == ("field_invalid", 2, "closing_on")
    assert state() == before


def test_statements_go_on_when_the_account_is_registered_anew(market):
    upload(market, as_csv(monday(market)))
    factories.by_two(
        market,
        register_client_account,
        currency="JPY",
        effective_from=clock.now() + timedelta(days=4),
        **factories.CLIENT_ACCOUNT | {"account_number": "1111111"},
    )
    assert upload(market, as_csv(Part((), TUESDAY, TUESDAY, 700))).state == "imported"


def test_a_whole_day_of_ten_thousand_lines_is_booked_to_the_yen(market):
    reference = pay_in_reference(organisation=market.party("buyer").public_id)
    first = Part([entry("1", "credit", 1_000_000, reference, MONDAY)], MONDAY, MONDAY)
    factories.carry_in(market.actor, market.second, as_csv(first))
    rows = [entry(f"{number}", "credit", 100, reference, TUESDAY) for number in range(1, 10_000)]
    second = first.after([*rows, entry("10000", "debit", 900, "fee", TUESDAY)], TUESDAY)
    before = state()
    wrong = second.stating(closing_balance_minor=1_999_001)
    with pytest.raises(StatementNotImported) as refused:
        factories.carry_in(market.actor, market.second, as_csv(wrong))
    assert codes_of(refused.value) == [(2, "closing_balance_minor", "field_invalid")]
    assert "a difference of +1 JPY" in refused.value.faults[0]["message"]["en"]
    assert state() == before
    made = factories.carry_in(market.actor, market.second, as_csv(second))
    assert (made.added, made.closing_balance_minor, made.ledger_balance_minor) == (
        10_000,
        1_999_000,
        1_999_000,
    )
    assert clock.today() == made.imported_on
    with connection.cursor() as cursor:
        # Earlier tests of this session had the guards planned for tables of a few rows.
        cursor.execute("DISCARD PLANS")
    connection.check_constraints()
