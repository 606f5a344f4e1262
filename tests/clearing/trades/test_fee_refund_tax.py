"""The tax of refunded fees: the parts of an invoice of fees sum to its tax, whatever cycles they are refunded in."""

from __future__ import annotations

from clearing.models import Invoice, NetPosition, Obligation
from clearing.trades.services.corrections import refund_trade
from marketplace.kernel.invariants import verify_all
from tests.roles import unguarded
from tests.standing import made_once

from .. import factories
from ..raw import OBLIGATION, refused, run


def broken() -> dict[str, object]:
    return {name: rows for name, rows in verify_all("clearing").items() if rows}


@made_once
def charged(market):
    """Three fees of 105 on one invoice, whose tax is 31."""
    trades = [factories.accepted(market, "buyer", "seller", 2_100, reference=f"PO-{n}") for n in range(3)]
    factories.clear(market)
    assert {trade.fee_minor for trade in trades} == {105}
    fees = Invoice.objects.get(purpose="fee")
    assert (fees.net_minor, fees.tax_minor) == (315, 31)
    factories.pay_own_money(market, 1_000)
    return trades


def test_refunds_in_three_cycles_sum_to_the_tax_of_the_fees(market, charged):
    taxes = []
    for trade in charged:
        refund_trade(actor=market.actor, trade=trade.public_id, amount_minor=None, reason="undone")
        factories.accepted(market, "other", "seller", 50_000)
        cycle = factories.clear(market)
        refund = Invoice.objects.get(cycle=cycle, purpose="fee_refund")
        taxes.append(refund.tax_minor)
        assert (
            NetPosition.objects.get(cycle=cycle, organisation=market.party("seller")).fee_refund_tax_minor
            == refund.tax_minor
        )
        assert broken() == {}
    assert taxes == [10, 11, 10]
    assert sum(taxes) == Invoice.objects.filter(purpose="fee").order_by("pk")[0].tax_minor


def test_refunds_in_one_cycle_sum_to_the_tax_of_the_fees(market, charged):
    for trade in charged:
        refund_trade(actor=market.actor, trade=trade.public_id, amount_minor=None, reason="undone")
    factories.accepted(market, "other", "seller", 50_000)
    cycle = factories.clear(market)
    refund = Invoice.objects.get(cycle=cycle, purpose="fee_refund")
    assert (refund.net_minor, refund.tax_minor) == (315, 31)
    assert broken() == {}


def test_the_database_refuses_a_refund_with_other_tax(market, charged):
    row = f"{OBLIGATION} (%s, 'fee_refund', %s, %s, 105, %s, 1000, 'JPY', %s, 'market_terms', 'raw', now())"
    values = (charged[0].pk, market.operator.pk, charged[0].seller_id)
    for tax in (9, 11):
        refused(row, *values, tax, market.cycle.pk, because="not that of their sum")
    assert Obligation.objects.filter(kind="fee_refund").count() == 0
    with unguarded("clearing_obligation"):
        run(row, *values, 9, market.cycle.pk)
    assert "clearing.refunded_fees_taxed_once" in broken()
