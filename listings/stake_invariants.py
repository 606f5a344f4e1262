"""Invariants of interests of third parties in listings."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_at, holders
from marketplace.participants.interest_guards import recused_then

_OWN = acted_at(
    "s.stated_by",
    "s.stated_at",
    holds=holders(Permission.ORGANISATION_WRITE),
    organisation="o.id = l.seller_id",
)


def _decided(column: str, moment: str) -> str:
    """Whether a person of the operator without an interest in the seller acted at that moment, in SQL."""
    admits = acted_at(column, moment, holds=holders(Permission.ADMISSION_WRITE))
    return f"({admits} AND NOT {recused_then(column, 'l.seller_id', moment)})"


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
        f" WHERE NOT CASE s.stated_as WHEN 'declared' THEN {_OWN} ELSE {_decided('s.stated_by', 's.stated_at')} END"
        f"  OR s.ended_at IS NOT NULL AND (s.ended_by = s.end_first_person OR NOT {_decided('s.ended_by', 's.ended_at')}"
        f"   OR NOT {_decided('s.end_first_person', 's.ended_at')})"
    ),
)
