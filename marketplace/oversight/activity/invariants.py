"""Invariants of activity records."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from ..acting import acted_for
from .models import MEMBER
from .states import PER_DAY_MAX

Invariant(
    name="oversight.activity_own",
    promise=8,
    statement="Activity records are asked for by a person of their own organisation who may, and a few times in a day.",
    guards=(
        "oversight_activityrecord.asked_by_member",
        "oversight_activityrecord.not_too_often",
        "oversight_activityrecord.immutable",
        "oversight_activityrecord.set_once",
        "oversight_activityrecord.set_now",
        "oversight_activityrecord.no_delete",
        "oversight_activityrecord.dated_now",
    ),
    test="tests/oversight/test_activity.py::test_the_database_refuses_records_for_anybody_else",
    check=by_query(
        "SELECT r.public_id, r.asked_by FROM oversight_activityrecord r"  # noqa: S608  our own words
        f" WHERE NOT {acted_for('r.asked_by', 'r.asked_at', (MEMBER,), organisation='o.id = r.organisation_id')}"
        " OR (SELECT count(*) FROM oversight_activityrecord e WHERE e.organisation_id = r.organisation_id"
        f"  AND e.asked_at <= r.asked_at AND e.asked_at > r.asked_at - interval '24 hours') > {PER_DAY_MAX}"
    ),
)
Invariant(
    name="oversight.activity_ends",
    promise=10,
    statement="Activity records that were asked for are made, fail, or have a job that makes them.",
    guards=("oversight_activityrecord.activity_made", "oversight_activityrecord.activity_removed"),
    test="tests/oversight/test_activity.py::test_records_without_a_job_are_named",
    check=by_query(
        "SELECT r.public_id FROM oversight_activityrecord r WHERE r.made_at IS NULL AND r.failed_at IS NULL"
        " AND NOT EXISTS (SELECT FROM jobs_job j WHERE j.kind = 'oversight.make_activity_records'"
        "  AND j.subject = r.public_id AND j.state IN ('queued', 'running', 'parked'))"
    ),
)
