"""The arithmetic of a cycle, and of a participant's entry, on small examples."""

from __future__ import annotations

import pytest

from clearing.ledger.states import AccountKind, LineKind
from clearing.netting.positions import PartyTotal, Position, net_positions, summarise

from ..planning import plan_of

OPERATOR, A, B = 1, 2, 3


def test_two_parties_and_the_operator():
    owed = [PartyTotal(A, "purchase", 1_000, 10_000, 1_000), PartyTotal(B, "fee", 1_000, 505, 0)]
    due = [PartyTotal(B, "purchase", 1_000, 10_000, 1_000), PartyTotal(OPERATOR, "fee", 1_000, 505, 0)]
    positions = net_positions(owed=owed, due=due, operator_id=OPERATOR)
    assert {key: position.net_minor for key, position in positions.items()} == {
        A: -11_000,
        B: 10_445,
        OPERATOR: 555,
    }
    assert summarise(positions).gross_minor == 11_555
    assert (summarise(positions).net_minor, summarise(positions).payments_after) == (11_000, 3)


def test_fees_of_two_rates_are_taxed_once_each():
    owed = [PartyTotal(A, "fee", 1_000, 315, 0), PartyTotal(A, "fee", 800, 99, 0)]
    positions = net_positions(owed=owed, due=[], operator_id=OPERATOR)
    assert (positions[A].fees_minor, positions[A].fee_tax_minor) == (-414, -38)
    assert positions[OPERATOR].net_minor == 452


def test_a_refunded_fee_comes_back_with_its_tax():
    positions = net_positions(
        owed=[], due=[PartyTotal(A, "fee_refund", 1_000, 105, 10)], operator_id=OPERATOR
    )
    assert (positions[A].net_minor, positions[OPERATOR].net_minor) == (115, -115)


@pytest.mark.parametrize("kind", ["refund", "adjustment", "penalty"])
def test_corrections_go_from_one_party_to_the_other(kind):
    positions = net_positions(
        owed=[PartyTotal(B, kind, 1_000, 100, 10)],
        due=[PartyTotal(A, kind, 1_000, 100, 10)],
        operator_id=OPERATOR,
    )
    assert (positions[A].corrections_received_minor, positions[B].corrections_paid_minor) == (110, -110)


def test_a_total_that_comes_twice_is_refused():
    total = PartyTotal(A, "fee", 1_000, 105, 0)
    with pytest.raises(ValueError, match="two totals"):
        net_positions(owed=[total, total], due=[], operator_id=OPERATOR)


def planned(position: Position, claim: int = 0) -> dict[LineKind, int]:
    plan = plan_of(position, claim_minor=claim)
    left = sum(
        line.amount_minor * ((line.credit == AccountKind.RECEIVABLE) - (line.debit == AccountKind.RECEIVABLE))
        for line in plan
    )
    return {line.kind: line.amount_minor for line in plan} | {LineKind.PAYMENT: left}


@pytest.mark.django_db
def test_a_seller_is_paid_what_it_sold_less_its_fees():
    position = Position(sales_minor=10_000, sales_tax_minor=1_000, fees_minor=-500, fee_tax_minor=-50)
    assert planned(position) == {
        LineKind.SALES: 11_000,
        LineKind.FEES: 500,
        LineKind.FEE_TAX: 50,
        LineKind.PAYMENT: 10_450,
    }


@pytest.mark.django_db
def test_purchases_meet_released_money_and_nothing_else():
    position = Position(purchases_minor=-10_000, purchase_tax_minor=-1_000)
    assert planned(position) == {LineKind.PURCHASES: 11_000, LineKind.PAYMENT: 0}


@pytest.mark.django_db
def test_what_is_missing_is_made_up_for_by_what_was_set_aside():
    found = planned(Position(fees_minor=-500, fee_tax_minor=-50))
    assert (found[LineKind.COVERED], found[LineKind.PAYMENT]) == (550, 0)


@pytest.mark.django_db
def test_what_is_put_off_comes_back_to_its_debtor_and_is_not_paid_to_its_creditor():
    debtor = planned(Position(corrections_paid_minor=-550, deferred_minor=450))
    assert (debtor[LineKind.DEFERRED], debtor[LineKind.COVERED], debtor[LineKind.PAYMENT]) == (450, 100, 0)
    creditor = planned(Position(corrections_received_minor=550, deferred_minor=-450))
    assert (creditor[LineKind.AWAITED], creditor[LineKind.PAYMENT]) == (450, 100)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("claim", "recovered", "paid"), [(300, 300, 700), (1_000, 1_000, 0), (5_000, 1_000, 0)]
)
def test_an_earlier_claim_is_collected_before_anything_is_paid(claim, recovered, paid):
    found = planned(Position(sales_minor=1_000), claim=claim)
    assert (found[LineKind.RECOVERED], found[LineKind.PAYMENT]) == (recovered, paid)
