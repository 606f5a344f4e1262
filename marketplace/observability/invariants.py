"""Invariants of observability."""

from marketplace.kernel.invariants import Invariant, by_query, declare_readable

Invariant(
    name="observability.alarm_stands_once",
    promise=10,
    statement="Of one code one alarm stands; an alarm ends once, after it was raised, and is never deleted.",
    guards=(
        "observability_raisedalarm.alarm_stands_once",
        "observability_raisedalarm.alarm_ended_after",
        "observability_raisedalarm.immutable",
        "observability_raisedalarm.set_once",
        "observability_raisedalarm.no_delete",
    ),
    test="tests/observability/test_alarms.py::test_the_database_refuses_what_an_alarm_may_not_become",
    check=by_query(
        "SELECT code FROM observability_raisedalarm WHERE ended_at IS NULL GROUP BY 1 HAVING count(*) > 1"
    ),
)

declare_readable("observability")
