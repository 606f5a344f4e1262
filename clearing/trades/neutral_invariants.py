"""The invariant of the operator's neutrality in trades; ``invariants`` imports it."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="clearing.traders_are_independent",
    promise=5,
    statement="The operator is no party of a trade, and nobody is after it was declared an affiliate of the operator.",
    guards=("clearing_trade.independent_traders", "clearing_trade.immutable"),
    test="tests/clearing/trades/test_independent_traders.py::test_a_trade_of_an_affiliate_is_refused_and_found",
    check=by_query(
        "SELECT t.public_id AS trade, o.public_id AS organisation FROM participants_organisation o"
        "  JOIN clearing_trade t ON o.id IN (t.buyer_id, t.seller_id)"
        " WHERE o.is_operator OR o.operator_affiliate AND NOT EXISTS ("
        "  SELECT FROM evidence_evidencerecord e WHERE e.kind = 'participants.affiliation_declared'"
        "   AND e.subject = o.public_id AND e.payload ->> 'affiliated' = 'true' AND e.occurred_at > t.concluded_at)"
    ),
)
