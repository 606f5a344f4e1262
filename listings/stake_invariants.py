"""Invariants of interests of third parties in listings."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_at, holders
from marketplace.participants.interest_guards import decided_unrelated

_OWN = acted_at(
    "s.stated_by",
    "s.stated_at",
    holds=holders(Permission.ORGANISATION_WRITE),
    organisation="o.id = l.seller_id",
)


Invariant(
    name="listings.stakes_stated_and_ended_rightly",
    promise=5,
    statement=(
        "An interest of a third party in a listing was declared by a person of the seller or stated by one of the operator, and ended"
        " by two of the operator, none with an interest in the seller."
    ),
    guards=(
        "listings_stake.stake_stated_rightly",
        "listings_stake.stake_stated_once",
        "listings_stake.stake_of_what",
        "listings_stake.stake_ended_by_two",
        "listings_stake.ended_by_staff",
        "listings_stake.recused",
        "listings_stake.immutable",
        "listings_stake.set_once",
        "listings_stake.set_now",
        "listings_stake.dated_now",
        "listings_stake.no_delete",
    ),
    test="tests/listings/test_stakes.py::test_the_database_keeps_stakes",
    check=by_query(
        "SELECT s.public_id, s.stated_by FROM listings_stake s JOIN listings_listing l ON l.id = s.listing_id"  # noqa: S608
        f" WHERE NOT CASE s.stated_as WHEN 'declared' THEN {_OWN} ELSE {decided_unrelated('s.stated_by', 'l.seller_id', 's.stated_at')} END"
        f"  OR s.ended_at IS NOT NULL AND (s.ended_by = s.end_first_person OR NOT {decided_unrelated('s.ended_by', 'l.seller_id', 's.ended_at')}"
        f"   OR NOT {decided_unrelated('s.end_first_person', 'l.seller_id', 's.ended_at')})"
    ),
)
