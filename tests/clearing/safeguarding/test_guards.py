"""The database's guards of segregation checks and idle money, tried by raw SQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from clearing.models import SegregationCheck, StuckMoney
from clearing.safeguarding.services.idle_money import return_idle_money
from marketplace.kernel import clock
from tests.participants.accounts import use_account
from tests.roles import unguarded

from .. import factories
from ..raw import refused, run


def test_a_check_cannot_say_what_is_not_so(market):
    made = factories.receive(market, [])
    check = (
        "INSERT INTO clearing_segregationcheck (public_id, currency, business_date, since, bank_minor, owed_minor,"
        " operator_minor, statement_id, stated_minor, stated_difference_minor, agrees, checked_at, attempt,"
        " outstanding_minor, stated_on) SELECT 'sgc_raw', 'JPY', '{DAY}', %s, %s, %s, %s, {}, %s, %s, %s, now(), 1, 0,"
        " {} FROM clearing_bankstatement"
    )
    day = clock.today()
    nobody = check.format("NULL", "NULL", DAY=day)
    stated = check.format("id", "closing_on", DAY=day)
    for values in (
        (day, 5, 6, -1, None, None, True),
        (day, 6, 5, 0, None, None, True),
        (day, 6, 5, 1, None, None, False),
    ):
        refused(nobody, *values, because="segregation_check_truthful")
    refused(stated, day, 5, 5, 0, 6, 1, True, because="segregation_check_truthful")
    refused(stated, day, 5, 5, 0, None, None, True, because="segregation_check_stated")
    refused(nobody, day + timedelta(days=1), 5, 5, 0, None, None, True, because="segregation_check_since")
    refused(stated, day, 5, 5, 0, 0, 0, True, because="nobody confirmed")
    factories.confirm(market, made)
    refused(stated, day, 5, 5, 0, 5, 0, True, because="states another")
    run(stated, day, 5, 5, 0, 0, 0, True)
    refused(
        stated.replace("sgc_raw", "sgc_raw2"), day, 5, 5, 0, 0, 0, True, because="segregation_check_once",
    )  # fmt: skip
    future = stated.replace(f"'{day}'", f"'{day + timedelta(days=30)}'")
    refused(future.replace("sgc_raw", "sgc_raw2"), day, 5, 5, 0, 0, 0, True, because="demands no balance")
    late = "due_on = business_date - 1, stated_on = business_date - 2"
    for wrong in (f"{late}, agrees = true", "due_on = NULL, agrees = false"):
        with (
            unguarded("clearing_segregationcheck"),
            connection.cursor() as cursor,
            pytest.raises(IntegrityError, match="segregation_check_truthful"),
            transaction.atomic(),
        ):
            cursor.execute(f"UPDATE clearing_segregationcheck SET {wrong}")
    refused("UPDATE clearing_segregationcheck SET agrees = false", because="append-only")
    refused("UPDATE clearing_bankstatement SET closing_balance_minor = 1", because="append-only")
    assert SegregationCheck.objects.count() == 1


def test_stuck_money_is_told_once(market):
    factories.pay_in(market, "buyer", 5_000)
    use_account(market.party("buyer"), None)
    clock.move_to(clock.now() + timedelta(days=5), running=False)
    return_idle_money()
    refused(
        "INSERT INTO clearing_stuckmoney (organisation_id, currency, amount_minor, reason_code, posting_id, told_at)"
        " SELECT organisation_id, currency, amount_minor, reason_code, posting_id, told_at FROM clearing_stuckmoney",
        because="posting_id",
    )
    refused("UPDATE clearing_stuckmoney SET amount_minor = 1", because="append-only")
    assert StuckMoney.objects.count() == 1
