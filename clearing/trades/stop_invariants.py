"""The invariants of charges that stop."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .stop_guards import after_failure

Invariant(
    name="clearing.nothing_charged_after_the_last_day",
    promise=6,
    statement="Once access ends early, no period that is due after its last day is charged.",
    guards=("clearing_trade.begun_before_the_end", "clearing_chargeprogress.stops_before_charges"),
    test="tests/clearing/trades/test_stops.py::test_a_charge_after_the_last_day_is_refused_and_named",
    check=by_query(
        "SELECT t.public_id, t.agreement, t.charge FROM clearing_trade t"
        " JOIN clearing_chargeplan p ON p.agreement = t.agreement"
        " JOIN clearing_chargeprogress g ON g.plan_id = p.id"
        " JOIN clearing_plannedcharge c ON c.plan_id = p.id AND c.charge = t.charge"
        " WHERE t.charge > 1 AND c.due_on > g.stops_after"
    ),
)
Invariant(
    name="clearing.owed_after_failure",
    promise=3,
    statement="After a charge that failed none waits for money, but instalments of what was received before an early end.",
    guards=("clearing_trade.begun_before_the_end",),
    test="tests/clearing/trades/test_owed_after_the_end.py::test_what_is_not_owed_after_a_failure_is_refused_and_named",
    check=by_query(
        "SELECT t.public_id, t.agreement, t.charge FROM clearing_trade t"  # noqa: S608  our own words
        f" WHERE t.state = 'concluded' AND t.charge > 1 AND {after_failure('t')}"
    ),
)
