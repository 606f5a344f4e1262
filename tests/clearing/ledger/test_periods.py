"""Closing the books of a month: for good, in order, and by the operator alone."""

from __future__ import annotations

import functools
import json
from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from clearing.ledger.errors import PeriodClosed, PeriodNotOver
from clearing.models import Entry, LedgerPeriod
from clearing.statements.closing import close_ledger_period
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import client_of
from tests.roles import assert_refused, unguarded
from tests.standing import made_once

from .. import factories
from ..raw import run, uncaused

CLOSED = "clearing.closed_periods_unchanged"
NOVEMBER, DECEMBER = date(2037, 11, 1), date(2037, 12, 1)


def broken() -> dict[str, object]:
    return {name: breaches for name, breaches in verify_all("clearing").items() if breaches}


@made_once
def november(market):
    """Money came in during November (in the market's zone); it is the second of December."""
    clock.move_to(datetime(2037, 11, 30, 14, tzinfo=UTC), running=False)
    factories.pay_in(market, "buyer", 5_000)
    clock.move_to(datetime(2037, 12, 1, 15, tzinfo=UTC), running=False)
    factories.pay_in(market, "buyer", 700)
    return market


def test_a_month_that_is_not_over_stays_open(november):
    with pytest.raises(PeriodNotOver):
        factories.by_two(november, close_ledger_period, month=DECEMBER)
    assert LedgerPeriod.objects.count() == 0


def test_a_closed_month_keeps_its_trial_balance(november):
    period = factories.by_two(november, close_ledger_period, month=date(2037, 11, 17))
    assert (period.month, period.entries) == (NOVEMBER, 1)
    totals = {row["kind"]: row["balance_minor"] for row in period.trial_balances["JPY"]}
    assert (totals["bank_client"], totals["available"]) == (5_000, 5_000)
    assert period.sha256 == digest_of(period.trial_balances)
    assert close_ledger_period(actor=november.actor, month=NOVEMBER) == period
    record = EvidenceRecord.objects.get(kind="clearing.period_closed")
    assert (record.actor, record.payload["month"]) == (november.second.identifier, "2037-11")
    assert broken() == {}


def test_nothing_is_booked_in_a_closed_month(november):
    factories.by_two(november, close_ledger_period, month=NOVEMBER)
    uncaused()
    insert = (
        "WITH made AS (INSERT INTO clearing_entry (public_id, kind, reference, description, business_date, booked_at)"
        " VALUES ('jrn_raw', 'pay_in', 'raw', '', %s, now()) RETURNING id) INSERT INTO clearing_posting"
        " (entry_id, leg, account_id, amount_minor, currency, line) SELECT made.id, v.leg, a.id, v.amount, 'JPY',"
        " 'pay_in' FROM made, (VALUES (1, 'bank_client', 9), (2, 'unallocated', -9)) v(leg, kind, amount)"
        " JOIN clearing_account a ON a.kind = v.kind"
    )
    before = Entry.objects.count()
    for day in ("2037-11-30", "2037-11-01", "2037-10-05"):
        with (
            pytest.raises(IntegrityError, match="books of 2037-11-01 are closed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(insert, [day])
    assert Entry.objects.count() == before
    factories.pay_in(november, "buyer", 1)
    assert Entry.objects.count() == before + 1


def test_months_are_closed_in_order_and_stay_as_they_are(november):
    clock.move_to(datetime(2038, 1, 5, tzinfo=UTC), running=False)
    factories.by_two(november, close_ledger_period, month=DECEMBER)
    with pytest.raises(PeriodClosed):
        factories.by_two(november, close_ledger_period, month=NOVEMBER)
    for sql in (
        "UPDATE clearing_ledgerperiod SET entries = 0",
        "DELETE FROM clearing_ledgerperiod",
        (
            "INSERT INTO clearing_ledgerperiod (public_id, month, entries, trial_balances, sha256, closed_by, closed_at)"
            " VALUES ('per_raw', '2037-11-01', 0, '{}', '', 'x', now())"
        ),
    ):
        with connection.cursor() as cursor:
            assert_refused(functools.partial(cursor.execute, sql))
    assert LedgerPeriod.objects.count() == 1


def test_a_closed_month_whose_postings_changed_is_named(november):
    """The count of entries and the hash of the record stay: only the postings say that the books are others."""
    factories.by_two(november, close_ledger_period, month=NOVEMBER)
    factories.pay_in(november, "buyer", 1)
    assert broken() == {}
    with unguarded("clearing_posting"):
        run(
            "UPDATE clearing_posting SET amount_minor = sign(amount_minor) * 4999 WHERE abs(amount_minor) = 5000"
        )
    assert CLOSED in broken()


def test_a_record_that_was_made_anew_with_its_hash_is_named(november):
    period = factories.by_two(november, close_ledger_period, month=NOVEMBER)
    forged = period.trial_balances
    for row in forged["JPY"]:
        row.update({name: 4_999 for name, minor in row.items() if minor == 5_000})
    stated = [json.dumps(forged), digest_of(forged)]
    with unguarded("clearing_ledgerperiod"):
        run("UPDATE clearing_ledgerperiod SET trial_balances = %s, sha256 = %s", *stated)
    assert {row.get("kind") for row in broken()[CLOSED]} == {"available", "bank_client"}


def test_only_the_operator_closes_a_month(november):
    with pytest.raises(Forbidden):
        close_ledger_period(actor=Actor("somebody", Role.PARTICIPANT, 1, "org_1"), month=NOVEMBER)
    buyer = client_of(november.party("buyer"))
    assert buyer.post("/api/v1/ledger-periods/", {"month": "2037-11-01"}).status_code == 403
    operator = client_of(november.operator)
    asked = operator.post("/api/v1/ledger-periods/", {"month": "2037-11-01"})
    assert (asked.status_code, asked.json()["code"]) == (409, "second_person_needed")
    period = close_ledger_period(actor=november.second, month=NOVEMBER)
    answer = operator.post("/api/v1/ledger-periods/", {"month": "2037-11-01"})
    assert (answer.status_code, answer.json()["id"]) == (201, period.public_id)
    assert buyer.get(f"/api/v1/ledger-periods/{period.public_id}/").status_code == 403
    refused = operator.post("/api/v1/ledger-periods/", {"month": "2037-12-01"})
    assert (refused.status_code, refused.json()["code"]) == (409, "period_not_over")
