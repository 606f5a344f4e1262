"""What always holds of trades and of the money held for them."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

_GUARDS = "tests/clearing/test_guards.py"

Invariant(
    name="clearing.held_money_is_of_open_trades",
    promise=3,
    statement="Money is held for a trade, in full, exactly while it is secured or disputed.",
    guards=(
        "clearing_posting.posting_hold_once",
        "clearing_posting.entries_balance",
        "clearing_trade.state_guard",
        "clearing_trade.no_delete",
    ),
    test=f"{_GUARDS}::test_held_money_names_its_trade_and_is_ended_once",
    check=by_query(
        "SELECT t.public_id, t.state, t.gross_minor, coalesce(-sum(p.amount_minor), 0) AS held FROM clearing_trade t"
        " LEFT JOIN (clearing_posting p JOIN clearing_account a ON a.id = p.account_id AND a.kind = 'held')"
        "  ON p.trade_id = t.id GROUP BY t.id"
        " HAVING coalesce(-sum(p.amount_minor), 0)"
        "  <> CASE WHEN t.state IN ('secured', 'disputed') THEN t.gross_minor ELSE 0 END"
    ),
)
Invariant(
    name="clearing.released_after_acceptance",
    promise=3,
    statement=(
        "Money released to cycles is the price with tax of accepted trades whose cycle is not posted, and what was"
        " set aside for such cycles."
    ),
    guards=(
        "clearing_obligation.obligations_fit",
        "clearing_trade.state_guard",
        "clearing_trade.trade_moments",
    ),
    test=f"{_GUARDS}::test_an_obligation_needs_an_accepted_trade",
    check=by_query(
        "WITH due AS (SELECT buyer_id, currency, sum(minor) AS minor FROM ("
        "   SELECT t.buyer_id, t.currency, t.captured_price_minor + t.captured_tax_minor AS minor FROM clearing_trade t"
        "    JOIN clearing_obligation o ON o.trade_id = t.id AND o.kind = 'purchase'"
        "    JOIN clearing_cycle c ON c.id = o.cycle_id AND c.posted_at IS NULL"
        "   UNION ALL SELECT e.organisation_id, p.currency, -p.amount_minor FROM clearing_entry e"
        "    JOIN clearing_cycle c ON c.id = e.cycle_id AND c.posted_at IS NULL"
        "    JOIN clearing_posting p ON p.entry_id = e.id AND p.amount_minor < 0 WHERE e.kind = 'cover') asked"
        "  GROUP BY 1, 2),"
        " released AS (SELECT a.organisation_id AS buyer_id, a.currency, -b.balance_minor AS minor"
        "  FROM clearing_account a JOIN clearing_balance b ON b.account_id = a.id WHERE a.kind = 'payable')"
        " SELECT buyer_id, currency, due.minor AS due, released.minor AS released"
        " FROM due FULL JOIN released USING (buyer_id, currency)"
        " WHERE coalesce(due.minor, 0) <> coalesce(released.minor, 0)"
    ),
)
Invariant(
    name="clearing.trades_as_agreed",
    promise=6,
    statement="A trade's terms never change, and its tax is rounded once.",
    guards=(
        "clearing_trade.immutable",
        "clearing_trade.set_once",
        "clearing_trade.trade_tax_rounded_once",
        "clearing_trade.trade_amounts",
        "clearing_trade.trade_two_parties",
        "clearing_trade.trade_key",
        "clearing_trade.trade_captured",
    ),
    test=f"{_GUARDS}::test_the_terms_of_a_trade_never_change",
    check=by_query(
        "SELECT public_id FROM clearing_trade WHERE tax_minor <> price_minor * tax_rate_bp / 10000"
        " OR gross_minor <> price_minor + tax_minor OR buyer_id = seller_id"
    ),
)
