"""Certificates of balance: the books of a month beside what the bank certifies for its end."""

from __future__ import annotations

from datetime import date

import pytest

from clearing.ledger.errors import PeriodNotOver
from clearing.models import BalanceCertificate
from clearing.statements.certificates import reconciliation_of, record_balance_certificate
from marketplace.events.models import OutboxEvent
from marketplace.kernel.errors import FieldInvalid, Forbidden
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import actor_for, client_of
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import refused, run

APRIL, LAST, IMPORTED = date(2030, 4, 1), date(2030, 4, 30), date(2030, 5, 2)
DIGEST = "0" * 64


def broken() -> dict[str, object]:
    return {name: rows for name, rows in verify_all("clearing").items() if rows}


@made_once
def market():
    """A market to which 5,000 were paid in on the last of April, and 700 in May; it knows both from May on."""
    factories.on_day(2030, 4, 30)
    made = factories.market()
    factories.on_day(2030, 5, 2)
    rows = [
        (f"B-{minor}", day.isoformat(), "credit", minor, "JPY", "ｿｳｷﾝﾆﾝ", "振込")
        for day, minor in ((LAST, 5_000), (IMPORTED, 700))
    ]
    factories.import_only(made, rows[:1], opening_on=LAST, closing_on=LAST)
    factories.import_only(made, rows[1:], opening_on=LAST, closing_on=IMPORTED)
    return made


def certify(market, balance_minor: int, currency: str = "JPY") -> BalanceCertificate:
    return record_balance_certificate(
        actor=market.actor,
        currency=currency,
        month=LAST,
        balance_minor=balance_minor,
        reference="残高証明書 4月",
        document_sha256=DIGEST,
    )


@pytest.mark.parametrize("currency", ["EUR", "nan", "-1", "１２"])
def test_a_currency_that_the_market_does_not_clear_is_refused(market, currency):
    with pytest.raises(FieldInvalid) as refusal:
        certify(market, 1, currency)
    assert (refusal.value.name, BalanceCertificate.objects.count()) == ("currency", 0)


def test_a_month_is_reconciled_by_the_banks_days(market):
    found = reconciliation_of(currency="JPY", month=LAST)
    assert (found.month, found.until, found.stated_on, found.stated_minor) == (APRIL, LAST, LAST, 5_000)
    ledger = found.ledger
    assert (ledger.by_value_minor, ledger.by_accounting_minor, ledger.late, ledger.late_minor) == (
        5_000,
        0,
        1,
        5_000,
    )
    assert (found.certificate, found.agrees) == (None, False)
    assert (
        certify(market, 5_000).difference_minor,
        reconciliation_of(currency="JPY", month=APRIL).agrees,
    ) == (
        0,
        True,
    )
    assert broken() == {}


def test_a_ledger_that_differs_from_the_bank_is_named(market):
    made = certify(market, 4_999)
    assert made.difference_minor == -1
    (event,) = OutboxEvent.objects.filter(type="certificate.differs").values_list("data", flat=True)
    assert (event["month"], event["difference_minor"]) == ("2030-04", -1)
    assert list(broken()) == ["clearing.months_as_certified"]
    certify(market, 5_000)
    assert OutboxEvent.objects.filter(type="certificate.agreed").count() == 1
    assert broken() == {}
    with unguarded("clearing_entry"):
        run("UPDATE clearing_entry SET value_date = business_date")
    assert "clearing.months_as_certified" in broken()


def test_a_certificate_is_recorded_over_http_by_the_operator_for_a_month_that_is_over(market):
    operator, seller = client_of(market.operator), client_of(market.party("seller"))
    body = {
        "currency": "JPY",
        "month": "2030-04-15",
        "balance_minor": 5_000,
        "reference": "4月",
        "document_sha256": DIGEST,
    }
    path, headers = "/api/v1/balance-certificates/", {"Idempotency-Key": "cert-1"}
    assert seller.post(path, body, headers=headers).status_code == 403
    refusal = operator.post(path, body | {"month": "2030-05-01"}, headers={"Idempotency-Key": "cert-2"})
    assert (refusal.status_code, refusal.json()["code"]) == (409, "period_not_over")
    assert operator.post(path, body | {"document_sha256": "x"}, headers=headers).status_code == 422
    assert BalanceCertificate.objects.count() == 0
    made = operator.post(path, body, headers={"Idempotency-Key": "cert-3"})
    assert (made.status_code, made.json()["ledger_minor"], made.json()["difference_minor"]) == (201, 5_000, 0)
    report = operator.get("/api/v1/bank-reconciliation/?month=2030-04-01").json()
    assert (report["agrees"], report["late"], report["certificate"]["id"]) == (True, 1, made.json()["id"])
    assert operator.get("/api/v1/bank-reconciliation/?month=April").status_code == 422
    assert seller.get("/api/v1/bank-reconciliation/?month=2030-04-01").status_code == 403


def test_no_participant_and_no_early_certificate_is_recorded(market):
    with pytest.raises(Forbidden):
        record_balance_certificate(
            actor=actor_for(market.party("seller")),
            currency="JPY",
            month=LAST,
            balance_minor=0,
            reference="x",
            document_sha256=DIGEST,
        )
    with pytest.raises(PeriodNotOver):
        record_balance_certificate(
            actor=market.actor,
            currency="JPY",
            month=IMPORTED,
            balance_minor=0,
            reference="x",
            document_sha256=DIGEST,
        )
    assert BalanceCertificate.objects.count() == 0


def test_the_database_compares_with_the_ledger_itself(market):
    row = (
        "INSERT INTO clearing_balancecertificate (public_id, currency, month, balance_minor, ledger_minor, reference,"
        " document_sha256, stated_by, stated_at) VALUES ('bct_raw', 'JPY', %s, 0, %s, %s, %s, '', now())"
    )
    refused(row, APRIL, 0, "x", DIGEST, because="does not state the balance of the ledger")
    refused(row, LAST, 5_000, "x", DIGEST, because="balance_certificate_of_what|does not state")
    refused(row, APRIL, 5_000, "", DIGEST, because="balance_certificate_of_what")
    refused(row, APRIL, 5_000, "x", "y", because="balance_certificate_of_what")
    assert BalanceCertificate.objects.count() == 0
    certify(market, 5_000)
    refused("UPDATE clearing_balancecertificate SET balance_minor = 1", because="append-only")
    refused("DELETE FROM clearing_balancecertificate", because="append-only")
    assert BalanceCertificate.objects.get().balance_minor == 5_000
