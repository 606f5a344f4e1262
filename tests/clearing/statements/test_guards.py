"""The database's guards of monthly statements, tried by raw SQL."""

from __future__ import annotations

from datetime import date

from clearing.models import MonthlyStatement, StatementMonth
from marketplace.kernel import clock

from ..raw import refused

STATEMENT = (
    "INSERT INTO clearing_monthlystatement (public_id, organisation_id, currency, month, until, document, sha256,"
    " signature, made_at, made_on) VALUES ('stm_raw', %s, 'JPY', %s, %s, '{}', %s, 'raw', now(), %s)"
)


def test_a_statement_of_a_month_that_runs_is_refused(market):
    seller, digest = market.party("seller").pk, "0" * 64
    month, until = date(2026, 1, 1), date(2026, 2, 1)
    refused(STATEMENT, seller, month, until, digest, date(2026, 1, 31), because="statement_after_month")
    refused(STATEMENT, seller, month, date(2026, 3, 1), digest, date(2026, 3, 1), because="statement_month")
    refused(STATEMENT, seller, date(2026, 1, 2), until, digest, until, because="statement_month")
    refused(STATEMENT, seller, month, until, "short", until, because="statement_signed")
    StatementMonth.objects.create(
        currency="JPY", month=month, until=until, statements=0, made_at=clock.now(), made_on=until
    )
    refused(
        STATEMENT, seller, month, until, digest, until, because="is finished and takes no further statement"
    )
    refused("DELETE FROM clearing_statementmonth", because="append-only")
    assert MonthlyStatement.objects.count() == 0
