"""Invariants of neutrality bundles and counterfactuals."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="rules.bundles_are_as_published",
    promise=5,
    statement="The files of a neutrality bundle are written once and have their hashes; no day is in two bundles that stand.",
    guards=(
        "rules_neutralitybundle.bundle_whole",
        "rules_neutralitybundle.bundle_period",
        "rules_neutralitybundle.bundle_periods_apart",
        "rules_neutralitybundle.immutable",
        "rules_neutralitybundle.set_once",
        "rules_neutralitybundle.no_delete",
    ),
    test="tests/rules/neutrality/test_guards.py::test_a_changed_bundle_is_refused_and_found",
    check=by_query(
        "SELECT public_id FROM rules_neutralitybundle WHERE made_at IS NOT NULL"
        " AND (encode(sha256(content), 'hex') <> sha256 OR encode(sha256(auditors_content), 'hex') <> auditors_sha256)"
        " UNION ALL SELECT a.public_id FROM rules_neutralitybundle a JOIN rules_neutralitybundle b ON b.id <> a.id"
        " AND a.failed_at IS NULL AND b.failed_at IS NULL AND daterange(a.first_day, a.last_day, '[]') && daterange(b.first_day, b.last_day, '[]')"
    ),
)
Invariant(
    name="rules.counterfactuals_are_kept",
    promise=5,
    statement="A counterfactual swaps two organisations, and its result is written once, whole.",
    guards=(
        "rules_counterfactual.counterfactual_of_two",
        "rules_counterfactual.counterfactual_period",
        "rules_counterfactual.counterfactual_whole",
        "rules_counterfactual.immutable",
        "rules_counterfactual.set_once",
        "rules_counterfactual.no_delete",
    ),
    test="tests/rules/neutrality/test_guards.py::test_a_changed_counterfactual_is_refused_and_found",
    check=by_query(
        "SELECT public_id FROM rules_counterfactual WHERE first = second"
        " OR (made_at IS NULL) <> (decisions IS NULL OR rules IS NULL OR followed IS NULL)"
    ),
)
