"""The invariant of disclosures."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.participants.acting import acted_at, holders

from .models import DISCLOSING

_HOLDS = f"({' OR '.join(holders(permission) for permission in DISCLOSING)})"


def _by_party(person: str, moment: str) -> str:
    return acted_at(person, moment, holds=_HOLDS, organisation="o.id = d.organisation_id")


Invariant(
    name="contracts.disclosed_by_parties",
    promise=8,
    statement="Messages are disclosed to staff by people who negotiate or sign for a party of the negotiation, and by nobody else.",
    guards=(
        "contracts_messagedisclosure.disclosed_by_party",
        "contracts_messagedisclosure.disclosure_stands_once",
        "contracts_messagedisclosure.disclosure_by_people",
        "contracts_messagedisclosure.immutable",
        "contracts_messagedisclosure.set_once",
        "contracts_messagedisclosure.set_now",
        "contracts_messagedisclosure.dated_now",
        "contracts_messagedisclosure.no_delete",
    ),
    test="tests/contracts/negotiating/test_disclosures.py::test_nobody_discloses_what_others_wrote",
    check=by_query(
        "SELECT d.public_id, d.disclosed_by, d.revoked_by FROM contracts_messagedisclosure d"  # noqa: S608  our own words
        "  JOIN contracts_negotiation n ON n.id = d.negotiation_id"
        " WHERE d.organisation_id NOT IN (n.buyer_id, n.seller_id)"
        f" OR NOT {_by_party('d.disclosed_by', 'd.disclosed_at')}"
        f" OR d.revoked_by IS NOT NULL AND NOT {_by_party('d.revoked_by', 'd.revoked_at')}"
    ),
)
