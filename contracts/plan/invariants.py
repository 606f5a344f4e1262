"""The invariant of plans."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from . import VERSION
from .guards import departs

Invariant(
    name="contracts.plan_of_terms",
    promise=6,
    statement="What is signed has a plan of a known version, which carries out the terms that are signed, and nothing else.",
    guards=("contracts_instrument.plan_of_terms", "contracts_instrument.append_only"),
    test="tests/contracts/plan/test_plan_guards.py::test_a_plan_that_departs_from_its_terms_is_named",
    check=by_query(
        "SELECT i.public_id, said.one #>> '{plan,version}' AS version FROM contracts_instrument i"  # noqa: S608  our own words
        " CROSS JOIN LATERAL (SELECT i.content::jsonb AS one) said"
        f" WHERE said.one #>> '{{plan,version}}' IS DISTINCT FROM '{VERSION}' OR {departs('said.one')}"
    ),
)
