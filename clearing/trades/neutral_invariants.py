"""The invariant of the operator's neutrality in trades; ``invariants`` imports it."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="clearing.traders_are_independent",
    promise=5,
    statement="The operator is no party of a trade, and nobody is while it is an affiliate of the operator.",
    guards=("clearing_trade.independent_traders", "clearing_trade.immutable"),
    test="tests/clearing/trades/test_independent_traders.py::test_a_trade_of_an_affiliate_is_refused_and_found",
    check=by_query(
        "SELECT t.public_id AS trade, o.public_id AS organisation FROM participants_organisation o"
        "  JOIN clearing_trade t ON o.id IN (t.buyer_id, t.seller_id)"
        " WHERE o.is_operator OR EXISTS ("
        "  SELECT FROM participants_organisationrelation r JOIN participants_organisation n ON n.id = r.related_id"
        "   WHERE r.organisation_id = o.id AND n.is_operator AND r.stated_at < t.concluded_at"
        "    AND (r.ended_at IS NULL OR t.concluded_at < r.ended_at))"
    ),
)
