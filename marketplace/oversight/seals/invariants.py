"""Invariants of seals."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.participants.interest_guards import recused_then

from ..acting import acted_for
from .models import STAFF
from .queries import unsealed_soon_sql
from .states import DAYS_MAX, LONGER_BY, TOTAL_DAYS_MAX

_YESTERDAY = "public.business_now() - interval '1 day'"

Invariant(
    name="oversight.seals_by_two",
    promise=9,
    statement="A record is sealed by two people, for a time, never for good, and a seal is ended by two before its review date; none"
    " of them had declared an interest in a party.",
    guards=(
        "oversight_recordseal.seal_by_two",
        "oversight_recordseal.seal_ended_by_two",
        "oversight_recordseal.sealed_by_two",
        "oversight_recordseal.ended_by_two",
        "oversight_recordseal.recused",
        "oversight_recordseal.seal_fits_record",
        "oversight_recordseal.over_in_time",
        "oversight_recordseal.immutable",
        "oversight_recordseal.set_now",
        "oversight_recordseal.dated_now",
        "oversight_recordseal.no_delete",
    ),
    test="tests/oversight/test_seals.py::test_the_database_refuses_a_seal_by_one_or_for_good",
    check=by_query(
        "SELECT s.public_id, s.record FROM oversight_recordseal s"  # noqa: S608  our own words
        " LEFT JOIN evidence_evidencerecord e ON e.public_id = s.record WHERE e.id IS NULL"
        f" OR s.review_at > s.sealed_at + interval '{DAYS_MAX} days'"
        f" OR s.review_at > e.occurred_at + interval '{TOTAL_DAYS_MAX} days' OR s.first_person = s.sealed_by"
        f" OR NOT {acted_for('s.sealed_by', 's.sealed_at', (STAFF,))}"
        f" OR NOT {acted_for('s.first_person', 's.sealed_at', (STAFF,))}"
        " OR s.ended_by = 'system' AND s.ended_at < s.review_at"
        f" OR s.ended_by NOT IN ('', 'system') AND (s.ended_by = s.ended_first"
        f"  OR NOT {acted_for('s.ended_by', 's.ended_at', (STAFF,))}"
        f"  OR NOT {acted_for('s.ended_first', 's.ended_at', (STAFF,))})"
        " OR EXISTS (SELECT FROM participants_organisation o WHERE o.public_id = ANY (s.parties)"
        f"  AND ({recused_then('s.sealed_by', 'o.id', 's.sealed_at')}"
        f"   OR {recused_then('s.first_person', 'o.id', 's.sealed_at')}"
        f"   OR {recused_then('s.ended_by', 'o.id', 's.ended_at')}"
        f"   OR {recused_then('s.ended_first', 'o.id', 's.ended_at')}))"
    ),
)
Invariant(
    name="oversight.seals_stand_once",
    promise=9,
    statement="Of the seals in force on a record, on one ground and basis, each later one keeps it at least a day longer.",
    guards=("oversight_recordseal.seal_fits_record", "oversight_recordseal.immutable"),
    test="tests/oversight/test_seals.py::test_the_same_seal_given_again_is_refused_and_named",
    check=by_query(
        "SELECT later.public_id, s.public_id AS standing FROM oversight_recordseal s JOIN oversight_recordseal later"  # noqa: S608
        " ON (later.record, later.ground, later.legal_basis) = (s.record, s.ground, s.legal_basis) AND later.id > s.id"
        " WHERE later.sealed_at < coalesce(s.ended_at, 'infinity')"
        f" AND s.review_at > later.review_at - interval '{LONGER_BY.days} day'"
    ),
)
Invariant(
    name="oversight.seals_attended",
    promise=10,
    statement="A seal has a task with its review date, and has ended a day after it; people look at what law keeps secret at first,"
    " unless a seal keeps it for longer.",
    guards=("oversight_recordseal.seal_fits_record", "oversight_recordseal.over_in_time"),
    test="tests/oversight/test_seals.py::test_a_seal_without_a_task_is_named",
    check=lambda: by_query(
        "SELECT s.public_id FROM oversight_recordseal s WHERE s.ended_at IS NULL"  # noqa: S608  our own words
        " AND (s.review_at < business_now() - interval '1 day' OR NOT EXISTS ("
        "  SELECT FROM notices_task t WHERE t.kind = 'disclose' AND t.state = 'open' AND t.subject = s.public_id))"
        f" UNION ALL SELECT f.public_id FROM ({unsealed_soon_sql(_YESTERDAY)}) f"
        " WHERE f.ends_at > business_now() AND NOT EXISTS ("
        "  SELECT FROM notices_task t WHERE t.kind = 'disclose' AND t.state = 'open' AND t.subject = f.public_id)"
    )(),
)
