"""Fees that are put off stay income with a receivable; two people write them off, and the tax stays unless the law relieves it."""

from __future__ import annotations

import pytest

from clearing.ledger.queries import trial_balance
from clearing.models import Entry, FeeWriteOff, Obligation, TaxRelief
from clearing.shortfalls.errors import NotPutOff, TaxRelieved
from clearing.shortfalls.services.bad_debts import record_tax_relief, write_off_fee
from clearing.trades.obligation_reference import obligation_reference
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.invariants import verify_all
from tests.participants.factories import client_of
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import refused, run

DIGEST = "0" * 64


def broken() -> dict[str, object]:
    return {name: rows for name, rows in verify_all("clearing").items() if rows}


def booked() -> dict[str, int]:
    kinds = ("fee_revenue", "fees_receivable", "tax_payable", "write_off")
    return {row["kind"]: row["balance_minor"] for row in trial_balance("JPY") if row["kind"] in kinds}


@made_once
def put_off(market):
    """A sale of 1,100 of which all goes back at once: its fee of 110 is put off."""
    sold = factories.accepted(market, "buyer", "seller", 10_000)
    factories.settle(market, factories.clear(market))
    factories.accepted(market, "buyer", "seller", 1_000)
    factories.adjust(market, sold, "seller", "buyer", 1_000)
    factories.clear(market)
    fee = Obligation.objects.get(kind="fee", deferred_from__isnull=False)
    assert (fee.amount_minor, fee.debtor_id) == (110, market.party("seller").pk)
    return fee


def named(fee: Obligation) -> str:
    return obligation_reference(fee.trade.public_id, fee.pk)


def written_off(market, first, second, fee: Obligation) -> FeeWriteOff:
    with pytest.raises(SecondPersonNeeded):
        write_off_fee(actor=first, obligation=named(fee), reason="破産")
    with pytest.raises(SecondPersonNeeded):
        write_off_fee(actor=first, obligation=named(fee), reason="破産")
    assert FeeWriteOff.objects.count() == 0
    return write_off_fee(actor=second, obligation=named(fee), reason="破産")


def relieve(actor, made: FeeWriteOff, **changes) -> TaxRelief:
    facts = {"ground": "規則18条", "document_sha256": DIGEST, "met_on": clock.today()} | changes
    return record_tax_relief(actor=actor, write_off=made.public_id, **facts)


def test_a_fee_that_is_put_off_stays_income_with_a_receivable(market, put_off):
    assert booked() == {"fee_revenue": 600, "fees_receivable": 110, "tax_payable": 60, "write_off": 0}
    assert broken() == {}


def test_a_fee_that_is_collected_later_is_income_once(market, put_off):
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    assert booked() == {"fee_revenue": 1_100, "fees_receivable": 0, "tax_payable": 110, "write_off": 0}
    (operator,) = [row for row in factories.instructions(cycle) if row.organisation_id == market.operator.pk]
    assert operator.amount_minor == 550 + 110
    assert broken() == {}


def test_a_fee_that_is_put_off_again_stays_a_receivable(market, put_off):
    factories.clear(market)
    assert booked() == {"fee_revenue": 600, "fees_receivable": 110, "tax_payable": 60, "write_off": 0}
    assert broken() == {}


def test_two_people_write_a_fee_off_and_the_tax_stays(market, first, second, put_off):
    made = written_off(market, first, second, put_off)
    assert (made.amount_minor, made.first_person, made.decided_by) == (110, "usr_first", "usr_second")
    assert booked() == {"fee_revenue": 600, "fees_receivable": 0, "tax_payable": 60, "write_off": 110}
    with pytest.raises(NotPutOff):
        write_off_fee(actor=second, obligation=named(put_off), reason="again")
    assert FeeWriteOff.objects.count() == 1
    assert broken() == {}


def test_what_is_collected_of_a_written_off_fee_lessens_the_loss(market, first, second, put_off):
    written_off(market, first, second, put_off)
    factories.clear(market)
    assert booked()["write_off"] == 110
    factories.accepted(market, "buyer", "seller", 10_000)
    cycle = factories.clear(market)
    assert booked() == {"fee_revenue": 1_100, "fees_receivable": 0, "tax_payable": 110, "write_off": 0}
    (operator,) = [row for row in factories.instructions(cycle) if row.organisation_id == market.operator.pk]
    assert operator.amount_minor == 550 + 110
    assert broken() == {}


def test_output_tax_is_relieved_by_a_recorded_fact_of_two_people_once(market, first, second, put_off):
    made = written_off(market, first, second, put_off)
    with pytest.raises(FieldInvalid):
        relieve(first, made, met_on=clock.today().replace(year=2999))
    with pytest.raises(SecondPersonNeeded):
        relieve(first, made)
    assert (TaxRelief.objects.count(), booked()["tax_payable"]) == (0, 60)
    relief = relieve(second, made)
    assert (relief.tax_minor, relief.first_person) == (10, "usr_first")
    assert booked() == {"fee_revenue": 600, "fees_receivable": 0, "tax_payable": 50, "write_off": 100}
    with pytest.raises(TaxRelieved):
        relieve(second, made)
    assert broken() == {}


def test_only_a_fee_that_was_put_off_is_written_off(market, second, put_off):
    other = Obligation.objects.filter(kind="fee", deferred_from=None).first()
    for reference in (named(other), "nothing"):
        with pytest.raises(Missing):
            write_off_fee(actor=second, obligation=reference, reason="x")
    seller = client_of(market.party("seller"))
    answer = seller.post(
        "/api/v1/fee-write-offs/",
        {"obligation": named(put_off), "reason": "x"},
        headers={"Idempotency-Key": "bad-1"},
    )
    assert (answer.status_code, FeeWriteOff.objects.count()) == (403, 0)
    operator = client_of(market.operator).post(
        "/api/v1/fee-write-offs/",
        {"obligation": named(put_off), "reason": "x"},
        headers={"Idempotency-Key": "bad-2"},
    )
    assert (operator.json()["code"], FeeWriteOff.objects.count()) == ("second_person_needed", 0)


def test_the_database_refuses_one_person_and_another_amount(market, first, second, put_off):
    row = (
        "INSERT INTO clearing_feewriteoff (public_id, trade_id, obligation_id, organisation_id, amount_minor, currency,"
        " reason, first_person, decided_by, decided_at) VALUES ('fwo_raw', %s, %s, %s, %s, 'JPY', 'x', %s, 'usr_second', now());"
        " SET CONSTRAINTS ALL IMMEDIATE"
    )
    values = (put_off.trade_id, put_off.pk, put_off.debtor_id)
    refused(row, *values, 110, "usr_second", because="fee_written_off_by_two")
    refused(row, *values, 110, "", because="fee_written_off_by_two")
    refused(row, *values, 109, "a", because="no fee that was put off")
    refused(row, *values, 110, "a", because="is no natural person of the operator")
    refused(row, *values, 110, "usr_first", because="is not posted")
    original = Obligation.objects.filter(kind="fee", deferred_from=None).first()
    refused(
        row,
        original.trade_id,
        original.pk,
        original.debtor_id,
        original.amount_minor,
        "a",
        because="no fee that",
    )
    assert FeeWriteOff.objects.count() == 0
    made = written_off(market, first, second, put_off)
    relief = (
        "INSERT INTO clearing_taxrelief (public_id, write_off_id, tax_minor, ground, document_sha256, met_on,"
        " first_person, decided_by, decided_at) VALUES ('txr_raw', %s, %s, 'x', %s, now(), %s, 'usr_second', now());"
        " SET CONSTRAINTS ALL IMMEDIATE"
    )
    refused(relief, made.pk, 10, DIGEST, "usr_second", because="tax_relieved_by_two")
    refused(relief, made.pk, 11, DIGEST, "usr_first", because="is not the tax of its write-off")
    refused(relief, made.pk, 10, DIGEST, "a", because="is no natural person of the operator")
    refused(
        relief, made.pk, 10, DIGEST, "usr_first", because="is not the tax of its write-off, or is not posted"
    )
    assert TaxRelief.objects.count() == 0
    for table in ("clearing_feewriteoff", "clearing_taxrelief"):
        refused(f"UPDATE {table} SET decided_by = 'x'", because="append-only")


def test_a_receivable_that_was_not_put_off_is_named(market, first, second, put_off):
    written_off(market, first, second, put_off)
    assert broken() == {}
    with unguarded("clearing_feewriteoff"):
        run("DELETE FROM clearing_feewriteoff")
    assert "clearing.fees_put_off_are_receivable" in broken()
    assert Entry.objects.filter(kind="write_off").count() == 1
