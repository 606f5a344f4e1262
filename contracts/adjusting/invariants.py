"""The invariants of clauses that fire."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from ..states import CLAUSE_REASON
from .guards import fired_departs

Invariant(
    name="contracts.fired_as_signed",
    promise=6,
    statement="Each adjustment by a clause follows the signed clause and what it read, once a charge, and every one has its record.",
    guards=(
        "contracts_firedadjustment.fired_as_signed",
        "contracts_firedadjustment.fired_once",
        "contracts_firedadjustment.append_only",
        "contracts_indexvalue.entered_before_read",
        "contracts_adjustment.fired_by_clause",
    ),
    test="tests/contracts/adjusting/test_fired.py::test_what_departs_from_its_clause_is_named",
    check=by_query(
        "SELECT f.public_id FROM contracts_firedadjustment f WHERE "  # noqa: S608  our own words
        + fired_departs("f")
        + f" UNION ALL SELECT d.public_id FROM contracts_adjustment d WHERE starts_with(d.reason_code, '{CLAUSE_REASON}')"  # noqa: S608
        " AND NOT EXISTS (SELECT FROM contracts_firedadjustment f WHERE f.adjustment_id = d.id)"
    ),
)
Invariant(
    name="contracts.index_values_by_two",
    promise=9,
    statement="Every value of an index was entered by two people of the operator, with its source.",
    guards=(
        "contracts_indexvalue.index_value_two_people",
        "contracts_indexvalue.entered_by_two",
        "contracts_indexvalue.append_only",
    ),
    test="tests/contracts/adjusting/test_fired.py::test_a_value_that_one_entered_is_named",
    check=by_query(
        "SELECT public_id FROM contracts_indexvalue WHERE entered_by = first_person OR entered_by !~ '^usr_' OR source = ''"
    ),
)
