"""How clearing names the parties of its trades outside the database: in hashes, and on documents."""

from __future__ import annotations

from collections.abc import Iterable

from marketplace.participants.queries import OrganisationView, identifiers_of
from marketplace.participants.states import OrganisationKind

from .invoice_document import Party


def party_key(organisation: OrganisationView) -> str:
    """How hashes and business keys name a party: its corporate number; a person's public identifier."""
    return organisation.corporate_number or organisation.public_id


def party_keys(organisation_ids: Iterable[int]) -> dict[int, str]:
    """Database key → name in hashes, of each organisation, in one query."""
    return {key: number or public_id for key, public_id, number in identifiers_of(organisation_ids)}


def party_of(view: OrganisationView) -> Party:
    """An organisation as it stands on documents."""
    return Party(
        name=view.name,
        corporate_number=view.corporate_number,
        registration_number=view.invoice_registration_number,
        country=view.country,
        person=view.kind == OrganisationKind.INDIVIDUAL,
    )
