"""Invariants of shortfalls: loans of the reserve and deferrals."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="clearing.deferrals_go_on",
    promise=2,
    statement="Every deferral continues in full, once, as one obligation of a later cycle; no other obligation continues.",
    guards=(
        "clearing_deferral.deferrals_fit",
        "clearing_deferral.append_only",
        "clearing_deferral.deferral_amount",
        "clearing_obligation.deferred_obligations_fit",
        "clearing_obligation.append_only",
    ),
    test="tests/clearing/shortfalls/test_guards.py::test_what_is_put_off_goes_on_in_full",
    check=by_query(
        "SELECT o.id AS obligation, n.id AS following FROM clearing_obligation n"
        " FULL JOIN clearing_deferral d ON d.next_id = n.id LEFT JOIN clearing_obligation o ON o.id = d.obligation_id"
        " WHERE (n.deferred_from_id IS NOT NULL OR d.id IS NOT NULL)"
        "  AND (n.deferred_from_id IS DISTINCT FROM o.id OR o.cycle_id IS DISTINCT FROM d.cycle_id"
        "   OR n.amount_minor + n.tax_minor IS DISTINCT FROM d.amount_minor + d.tax_minor"
        "   OR (n.trade_id, n.kind, n.debtor_id, n.creditor_id) IS DISTINCT FROM"
        "    (o.trade_id, o.kind, o.debtor_id, o.creditor_id))"
    ),
)
Invariant(
    name="clearing.positions_state_deferrals",
    promise=2,
    statement="A position defers what its party owed and deferred, less the deferrals of which it is creditor.",
    guards=("clearing_netposition.append_only", "clearing_cycle.positions_sum_to_zero"),
    test="tests/clearing/netting/test_guards.py::test_positions_that_do_not_sum_to_zero_are_refused",
    check=by_query(
        "WITH moved AS (SELECT d.cycle_id, side.organisation_id, sum(side.minor) AS minor FROM clearing_deferral d"
        "  JOIN clearing_obligation o ON o.id = d.obligation_id CROSS JOIN LATERAL (VALUES"
        "   (o.debtor_id, d.amount_minor + d.tax_minor), (o.creditor_id, -d.amount_minor - d.tax_minor))"
        "   AS side(organisation_id, minor) JOIN clearing_cycle c ON c.id = d.cycle_id AND c.netted_at IS NOT NULL"
        "  GROUP BY 1, 2 HAVING sum(side.minor) <> 0)"
        " SELECT cycle_id, organisation_id, moved.minor AS deferred, n.deferred_minor AS in_position FROM moved"
        " FULL JOIN (SELECT p.* FROM clearing_netposition p JOIN clearing_cycle c ON c.id = p.cycle_id"
        "   AND c.netted_at IS NOT NULL WHERE p.deferred_minor <> 0) n"
        "  USING (cycle_id, organisation_id) WHERE moved.minor IS DISTINCT FROM n.deferred_minor"
    ),
)
Invariant(
    name="clearing.set_aside_is_used",
    promise=2,
    statement="Money set aside when a cycle was netted is exactly what its posting used, per participant.",
    guards=("clearing_posting.append_only", "clearing_balance.balance_within_funds"),
    test="tests/clearing/shortfalls/test_guards.py::test_what_was_set_aside_cannot_be_spent_otherwise",
    check=by_query(
        "WITH aside AS (SELECT e.cycle_id, e.organisation_id, -sum(p.amount_minor) AS minor FROM clearing_entry e"
        "  JOIN clearing_posting p ON p.entry_id = e.id AND p.amount_minor < 0"
        "  JOIN clearing_cycle c ON c.id = e.cycle_id AND c.posted_at IS NOT NULL WHERE e.kind = 'cover' GROUP BY 1, 2),"
        " used AS (SELECT e.cycle_id, e.organisation_id, sum(p.amount_minor) AS minor FROM clearing_entry e"
        "  JOIN clearing_posting p ON p.entry_id = e.id AND p.amount_minor > 0 AND p.line = 'covered'"
        "  JOIN clearing_cycle c ON c.id = e.cycle_id AND c.posted_at IS NOT NULL"
        "  WHERE e.kind = 'cycle' GROUP BY 1, 2)"
        " SELECT cycle_id, organisation_id, aside.minor AS aside, used.minor AS used FROM aside"
        " FULL JOIN used USING (cycle_id, organisation_id) WHERE aside.minor IS DISTINCT FROM used.minor"
    ),
)
Invariant(
    name="clearing.shortfalls_are_told",
    promise=7,
    statement="Each participant that borrowed or deferred in a cycle has one shortfall of that amount.",
    guards=(
        "clearing_shortfall.shortfall_once",
        "clearing_shortfall.shortfall_amounts",
        "clearing_shortfall.append_only",
    ),
    test="tests/clearing/shortfalls/test_guards.py::test_a_shortfall_is_told_once_and_stays",
    check=by_query(
        "WITH part AS (SELECT d.cycle_id, o.debtor_id AS organisation_id, 0 AS lent, d.amount_minor + d.tax_minor AS off"
        "  FROM clearing_deferral d JOIN clearing_obligation o ON o.id = d.obligation_id"
        "  UNION ALL SELECT e.cycle_id, e.organisation_id, p.amount_minor, 0 FROM clearing_entry e"
        "  JOIN clearing_posting p ON p.entry_id = e.id AND p.line = 'drawn_reserve' AND p.amount_minor > 0"
        "  WHERE e.kind = 'cover'),"
        " found AS (SELECT cycle_id, organisation_id, sum(lent) AS lent, sum(off) AS off FROM part GROUP BY 1, 2)"
        " SELECT cycle_id, organisation_id, found.lent, found.off, s.lent_minor, s.deferred_minor FROM found"
        " FULL JOIN clearing_shortfall s USING (cycle_id, organisation_id)"
        " WHERE (found.lent, found.off) IS DISTINCT FROM (s.lent_minor, s.deferred_minor)"
    ),
)
