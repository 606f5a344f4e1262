"""The matrix leaves out no route: each has a request that succeeds, or stands in a list that only grows shorter."""

from __future__ import annotations

from . import (
    examples_access,
    examples_books,
    examples_cases,
    examples_clearing,
    examples_keys,
    examples_market,
    examples_oversight,
    examples_participants,
    examples_people,
    examples_rare,
    examples_standing,
    examples_trading,
    test_matrix_committed,
)
from .requests import APPLICANT, EVERYBODY, ROUTES

TABLES = (
    examples_market.TABLE,
    examples_participants.TABLE,
    examples_people.TABLE,
    examples_trading.TABLE,
    examples_keys.TABLE,
    examples_access.TABLE,
    examples_cases.TABLE,
    examples_oversight.TABLE,
    examples_books.TABLE,
    examples_clearing.TABLE,
    examples_rare.TABLE,
    examples_standing.TABLE,
    test_matrix_committed.TABLE,
)
WITHOUT = {
    "GET openapi.json": "it takes seconds to make, and tests/api/test_openapi.py reads it as everybody may",
}
"""Routes without an example, and why. Their declarations are checked as all are; the list only grows shorter."""
WITHOUT_MAX = 1


def test_each_route_has_one_example():
    named = [name for table in TABLES for name in table.examples]
    assert sorted(set(ROUTES) - set(named) - set(WITHOUT)) == []
    assert len(named) == len(set(named))


def test_what_has_no_example_only_grows_fewer():
    named = {name for table in TABLES for name in table.examples}
    assert sorted(set(WITHOUT) & named) == []
    assert sorted(set(WITHOUT) - set(ROUTES)) == []
    assert len(WITHOUT) <= WITHOUT_MAX


def test_examples_are_of_sides_that_there_are():
    sides = {example.side for table in TABLES for example in table.examples.values()}
    assert sides == {EVERYBODY, APPLICANT, "operator", "seller", "buyer"}
