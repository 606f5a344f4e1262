"""Invariants of the organisations' keys; ``invariants`` imports them."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant

from .key_queries import unproved_keys

Invariant(
    name="participants.keys_proved",
    promise=9,
    statement="A key belongs to one organisation, one of whose people registered it and proved that it holds it.",
    guards=(
        "participants_organisationkey.key_of_organisation",
        "participants_organisationkey.organisationkey_kid_once",
        "participants_organisationkey.organisationkey_kid",
        "participants_organisationkey.organisationkey_by_people",
        "participants_organisationkey.organisationkey_revoked_why",
        "participants_organisationkey.immutable",
        "participants_organisationkey.set_once",
        "participants_organisationkey.set_now",
        "participants_organisationkey.no_delete",
        "participants_organisationkey.dated_now",
    ),
    test="tests/participants/test_key_guards.py::test_a_key_is_registered_by_people_of_its_organisation",
    check=unproved_keys,
)
