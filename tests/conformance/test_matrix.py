"""The matrix leaves out no route: each has a request that succeeds, or stands in a list that only grows shorter."""

from __future__ import annotations

from . import (
    examples_access,
    examples_books,
    examples_clearing,
    examples_keys,
    examples_market,
    examples_participants,
    examples_people,
    examples_rare,
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
    examples_books.TABLE,
    examples_clearing.TABLE,
    examples_rare.TABLE,
    test_matrix_committed.TABLE,
)
WITHOUT = {
    "GET openapi.json": "it takes seconds to make, and tests/api/test_openapi.py reads it as everybody may",
} | dict.fromkeys(
    (
        "GET fact-changes/",
        "GET fact-changes/{}/",
        "GET payout-account-changes/",
        "GET payout-account-changes/{}/",
        "GET second-factor-resets/",
        "GET second-factor-resets/{}/",
        "GET suspensions/",
        "GET suspensions/{}/",
        "GET trustee-appointments/",
        "GET trustee-appointments/{}/",
        "POST applications/{}/take-over/",
        "POST fact-changes/",
        "POST invitations/join/",
        "POST invitations/object/",
        "POST members/leave/",
        "POST members/{}/revoke-role/",
        "POST owner-recoveries/{}/object/",
        "POST payout-account-changes/",
        "POST payout-account-changes/{}/confirm/",
        "POST payout-account-changes/{}/stop/",
        "POST second-factor-resets/",
        "POST second-factor-resets/{}/confirm/",
        "POST second-factor-resets/{}/stop/",
        "POST settlement-instructions/{}/permit/",
        "POST trustee-appointments/",
        "POST trustee-appointments/{}/appoint/",
        "POST trustee-appointments/{}/withdraw/",
    ),
    "tests of its own try it as several callers",
)
"""Routes without an example, and why. Their declarations are checked as all are; the list only grows shorter."""
WITHOUT_MAX = 28


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
