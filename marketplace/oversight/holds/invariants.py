"""Invariants of legal holds."""

from __future__ import annotations

from marketplace.kernel.identifiers import names_a_row
from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.retention import HELD
from marketplace.participants.interest_guards import recused_then

from ..acting import acted_for
from .guards import HELD_TOO_LONG
from .models import LIFTS, STAFF, LegalHold
from .states import PERIOD_DAYS_MAX, REVIEW_DAYS_MAX


def _of_nothing() -> list[dict[str, str]]:
    """Holds in force whose subject no row has."""
    rows = LegalHold.objects.filter(lifted_at=None).exclude(subject="").order_by("pk")
    return [
        {"hold": hold, "subject": subject}
        for hold, subject in rows.values_list("public_id", "subject")
        if not names_a_row(subject)
    ]


Invariant(
    name="oversight.holds_name_what_is_there",
    promise=10,
    statement="What a legal hold in force names has a row: one that a slip names holds nothing.",
    guards=("oversight_legalhold.subject_exists", "oversight_legalhold.immutable"),
    test="tests/oversight/test_holds.py::test_a_hold_names_what_is_there",
    check=_of_nothing,
)
Invariant(
    name="oversight.holds_by_people",
    promise=9,
    statement="A legal hold is opened by one person of the operator and lifted by two, neither with an interest in a party.",
    guards=(
        "oversight_legalhold.opened_by_staff",
        "oversight_legalhold.lifted_by_two",
        "oversight_legalhold.hold_lifted_by_two",
        "oversight_legalhold.hold_stated",
        "oversight_legalhold.parties_of_subject",
        "oversight_legalhold.recused",
        "oversight_legalhold.lifted_once",
        "oversight_legalhold.immutable",
        "oversight_legalhold.set_now",
        "oversight_legalhold.dated_now",
        "oversight_legalhold.no_delete",
        *(f"{table}.held" for table, rows in HELD.items() if rows.is_guarded),
    ),
    test="tests/oversight/test_holds.py::test_the_database_refuses_to_lift_alone_and_to_delete_what_is_held",
    check=by_query(
        "SELECT h.public_id, h.opened_by, h.lifted_by FROM oversight_legalhold h"  # noqa: S608  our own words
        f" WHERE NOT {acted_for('h.opened_by', 'h.opened_at', STAFF)}"
        " OR h.lifted_at IS NOT NULL AND (h.lifted_by = h.lifted_first"
        f" OR NOT {acted_for('h.lifted_by', 'h.lifted_at', (LIFTS,))}"
        f" OR NOT {acted_for('h.lifted_first', 'h.lifted_at', (LIFTS,))}"
        "  OR EXISTS (SELECT FROM participants_organisation o WHERE (h.parties = '{}' OR o.public_id = ANY (h.parties))"
        f"   AND ({recused_then('h.lifted_by', 'o.id', 'h.lifted_at')}"
        f"    OR {recused_then('h.lifted_first', 'o.id', 'h.lifted_at')})))"
    ),
)
Invariant(
    name="oversight.holds_are_bounded",
    promise=10,
    statement="A legal hold has a review date within a year, and a task until it is lifted; those without a subject keep a year at most together.",
    guards=(
        "oversight_legalhold.hold_bounded",
        "oversight_legalhold.periods_bounded",
        "oversight_legalhold.immutable",
    ),
    test="tests/oversight/test_holds.py::test_a_hold_is_bounded_and_reviewed",
    check=by_query(
        "SELECT h.public_id, h.review_at FROM oversight_legalhold h WHERE h.review_at <= h.opened_at"  # noqa: S608  our own words
        f" OR h.review_at > h.opened_at + interval '{REVIEW_DAYS_MAX} days'"
        f" OR h.subject = '' AND (h.since > h.opened_at OR h.until > h.since + interval '{PERIOD_DAYS_MAX} days')"
        " OR h.lifted_at IS NULL AND NOT EXISTS ("
        "  SELECT FROM notices_task t WHERE t.subject = h.public_id AND t.kind = 'release' AND t.state = 'open')"
        f" OR h.subject = '' AND h.lifted_at IS NULL AND EXISTS ({HELD_TOO_LONG})"
    ),
)
