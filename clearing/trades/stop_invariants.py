"""The invariant of charges that stop."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

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
