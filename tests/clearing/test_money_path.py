"""The path of money, from the bank and back to it, read as an accountant would."""

from __future__ import annotations

from clearing.ledger.queries import balances, client_money, ledger_counts

from . import factories


def test_a_trade_from_payment_to_payout(market):
    trade = factories.conclude(market, "buyer", "seller", 10_000)
    assert (trade.state, trade.gross_minor, trade.fee_minor) == ("concluded", 11_000, 500)

    factories.pay_in(market, "buyer", 12_000)
    trade.refresh_from_db()
    assert trade.state == "secured"
    assert balances(market.party("buyer").pk) == {
        "JPY": {"available": 1_000, "held": 11_000, "payable": 0, "receivable": 0, "deposit": 0, "claim": 0}
    }

    factories.accept(trade)
    assert trade.state == "accepted"
    assert factories.balance(market, "buyer", "payable") == 11_000

    cycle = factories.clear(market)
    assert (cycle.trades, cycle.gross_minor, cycle.net_minor) == (1, 11_550, 11_000)
    assert (cycle.payments_before, cycle.payments_after) == (2, 3)
    assert factories.balance(market, "seller", "receivable") == 10_450
    assert [(row.amount_minor, row.direction) for row in factories.instructions(cycle)] == [
        (10_450, "out"),
        (550, "out"),
    ]

    factories.settle(market, cycle)
    assert cycle.state == "settled"
    money = client_money("JPY")
    assert (money.bank_minor, money.owed_minor, money.operator_minor) == (1_000, 1_000, 0)
    assert ledger_counts() == {"entries": 7, "postings": 18, "imbalance_minor": 0}
