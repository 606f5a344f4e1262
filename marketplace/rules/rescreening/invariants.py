"""Invariants of re-screenings."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="rules.rescreened_by_decisions",
    promise=5,
    statement="A re-screening counts no more admissions as stopped or passing again than it recorded decisions on.",
    guards=(
        "rules_rescreening.append_only",
        "rules_rescreening.rescreening_counts",
        "rules_rescreening.dated_now",
    ),
    test="tests/rules/test_rescreening.py::test_a_made_up_count_is_named",
    check=by_query(
        "SELECT r.public_id, r.stopped, r.cleared FROM rules_rescreening r WHERE r.stopped + r.cleared > ("
        " SELECT count(DISTINCT e.payload ->> 'decision') FROM evidence_evidencerecord e"
        "  JOIN rules_rulebook b ON b.id = r.rulebook_id"
        "  WHERE e.kind = 'rules.decided' AND e.payload ->> 'point' = 'admission'"
        "   AND e.payload ->> 'rulebook' = b.public_id)"
    ),
)
