"""Invariants of cycles and of the calendar."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .calendar_by_two import CLOSED_DAY_APPROVED, SCHEDULE_APPROVED
from .queries import cut_off_by_no_calendar

Invariant(
    name="clearing.cycles_in_line",
    promise=2,
    statement="Cycles of a currency are numbered 1, 2, 3, … and only the last is open.",
    guards=(
        "clearing_cycle.cycle_one_open",
        "clearing_cycle.cycle_number_once",
        "clearing_cycle.numbers_without_gap",
    ),
    test="tests/clearing/cycles/test_guards.py::test_a_second_open_cycle_is_refused",
    check=by_query(
        "SELECT currency, count(*), max(number) FROM clearing_cycle GROUP BY currency"
        " HAVING count(*) <> max(number) OR count(*) FILTER (WHERE state = 'open') <> 1"
        "  OR max(number) FILTER (WHERE state = 'open') <> max(number)"
    ),
)
Invariant(
    name="clearing.cut_off_closes_one_cycle",
    promise=2,
    statement=(
        "A cut-off closes one cycle that was open at its moment, and was published by that moment; what was published"
        " never changes."
    ),
    guards=(
        "clearing_cycle.cycle_cut_off",
        "clearing_cycle.cycle_cut_off_once",
        "clearing_cycle.cut_off_when_closed",
        "clearing_cycle.set_once",
        "clearing_clearingschedule.append_only",
        "clearing_clearingschedule.schedule_has_cut_offs",
        "clearing_clearingschedule.schedule_limits",
        "clearing_closedday.append_only",
        "clearing_closedday.closed_day_name",
    ),
    test="tests/clearing/cycles/test_calendar_guards.py::test_a_cut_off_closes_one_cycle_that_was_open",
    check=cut_off_by_no_calendar,
)
Invariant(
    name="clearing.paused_cycle_keeps_its_state",
    promise=2,
    statement="A paused cycle names who paused it and why, and keeps its state.",
    guards=(
        "clearing_cycle.paused_cycle_keeps_its_state",
        "clearing_cycle.cycle_pause_reason",
        "clearing_cycle.cycle_paused_when",
    ),
    test="tests/clearing/cycles/test_guards.py::test_a_cycle_on_hold_stays_where_it_is",
    check=by_query(
        "SELECT business_key, state FROM clearing_cycle WHERE (paused_since IS NULL) <> (pause_reason = '')"
        " OR (paused_since IS NULL) <> (paused_by = '')"
        " OR paused_since IS NOT NULL AND state IN ('open', 'settled')"
    ),
)

Invariant(
    name="clearing.cycle_released_by_another",
    promise=9,
    statement="A paused cycle is released by a person, another than the one who paused it or answers for the program that did, and both are in the evidence.",
    guards=("clearing_cycle.released_by_another", "clearing_cycle.acted_by_person"),
    test="tests/clearing/cycles/test_guards.py::test_a_held_cycle_is_released_by_another_person",
    check=by_query(
        "SELECT c.business_key, c.released_by, e.paused, e.resumed FROM clearing_cycle c CROSS JOIN LATERAL (SELECT"
        "  count(*) FILTER (WHERE kind = 'clearing.cycle_paused') AS paused,"
        "  count(*) FILTER (WHERE kind = 'clearing.cycle_resumed') AS resumed,"
        "  count(*) FILTER (WHERE kind = 'clearing.cycle_resumed' AND (payload ->> 'released_by'"
        "   IN (payload ->> 'paused_by', payload ->> 'paused_responsible')"
        "   OR NOT starts_with(payload ->> 'released_by', 'usr_'))) AS by_one FROM evidence_evidencerecord"
        "  WHERE subject = c.public_id AND kind IN ('clearing.cycle_paused', 'clearing.cycle_resumed')) e"
        " WHERE e.by_one > 0 OR e.paused - e.resumed <> (c.paused_since IS NOT NULL)::integer"
        "  OR (e.resumed = 0) <> (c.released_by = '')"
    ),
)

Invariant(
    name="clearing.money_under_a_regime",
    promise=1,
    statement="Clearing in a currency began under a funds regime in force.",
    guards=(
        "clearing_cycle.under_a_regime",
        "clearing_fundsregime.append_only",
        "clearing_fundsregime.regime_stated",
        "clearing_fundsregime.regime_registered",
        "clearing_fundsregime.regime_limits",
        "clearing_fundsregime.regime_cross_border_basis",
        "clearing_fundsregime.regime_not_backdated",
    ),
    test="tests/clearing/cycles/test_guards.py::test_no_cycle_without_a_regime",
    check=by_query(
        "SELECT c.business_key, c.opened_at FROM clearing_cycle c WHERE NOT EXISTS (SELECT FROM clearing_fundsregime r"
        " WHERE r.currency = c.currency AND r.effective_from <= c.opened_at)"
    ),
)

Invariant(
    name="clearing.calendar_by_two",
    promise=9,
    statement="Two people published each schedule of cut-offs, and declared or withdrew each closed day, in the words that stand.",
    guards=(
        "clearing_clearingschedule.calendar_by_two",
        "clearing_clearingschedule.append_only",
        "clearing_closedday.calendar_by_two",
        "clearing_closedday.append_only",
        "approvals_approval.approval_two_people",
    ),
    test="tests/clearing/cycles/test_calendar_by_two.py::test_the_database_takes_no_calendar_of_one_person",
    check=by_query(
        "SELECT s.public_id, s.stated_by FROM clearing_clearingschedule s"  # noqa: S608  our own words
        f" WHERE NOT ({SCHEDULE_APPROVED.format(row='s')})"
        " UNION ALL SELECT d.public_id, d.stated_by FROM clearing_closedday d"
        f" WHERE NOT ({CLOSED_DAY_APPROVED.format(row='d')})"
    ),
)
