"""The invariant of private notes."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.participants.acting import acted_at, holders

from .models import NOTING

_HOLDS = f"({' OR '.join(holders(permission) for permission in NOTING)})"

Invariant(
    name="contracts.noted_by_parties",
    promise=8,
    statement="A private note belongs to a party of its negotiation, for which a person who negotiates or signs wrote it.",
    guards=(
        "contracts_privatenote.noted_by_party",
        "contracts_privatenote.private_note_by_person",
        "contracts_privatenote.append_only",
        "contracts_privatenote.dated_now",
    ),
    test="tests/contracts/negotiating/test_notes.py::test_nobody_writes_notes_of_others",
    check=by_query(
        "SELECT p.public_id, p.written_by FROM contracts_privatenote p"  # noqa: S608  our own words
        " JOIN contracts_negotiation n ON n.id = p.negotiation_id"
        " WHERE (p.organisation_id, p.organisation_identifier)"
        "  NOT IN ((n.buyer_id, n.buyer_identifier), (n.seller_id, n.seller_identifier))"
        f" OR NOT {acted_at('p.written_by', 'p.written_at', holds=_HOLDS, organisation='o.id = p.organisation_id')}"
    ),
)
