"""Invariants of legal holds."""

from __future__ import annotations

from marketplace.kernel.identifiers import names_a_row
from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.retention import HELD

from ..acting import acted_for
from .models import LIFTS, STAFF, LegalHold


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
    statement="A legal hold is opened by one person of the operator and lifted by two.",
    guards=(
        "oversight_legalhold.opened_by_staff",
        "oversight_legalhold.lifted_by_two",
        "oversight_legalhold.hold_lifted_by_two",
        "oversight_legalhold.hold_stated",
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
        f" OR NOT {acted_for('h.lifted_first', 'h.lifted_at', (LIFTS,))})"
    ),
)
