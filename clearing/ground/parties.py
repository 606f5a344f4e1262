"""Parties of trades outside the database: their key in hashes, and their data on documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from babel import Locale

from marketplace.kernel.labels import Label
from marketplace.participants.queries import OrganisationView, identifiers_of
from marketplace.participants.states import OrganisationKind

HOME_COUNTRY = "JP"


@cache
def _country_name(code: str) -> Label:
    english, japanese = (Locale(language).territories.get(code) for language in ("en", "ja"))
    return Label(english or code, japanese or code)


@dataclass(frozen=True, slots=True)
class Party:
    """An issuer, supplier or recipient. ``name`` is ``{"ja", "en"}``, ``country`` an ISO 3166 alpha-2 code."""

    name: dict[str, str]
    corporate_number: str | None
    registration_number: str | None
    country: str = HOME_COUNTRY
    person: bool = False

    @property
    def country_name(self) -> Label:
        """Name of the country; its code where the name is unknown."""
        return _country_name(self.country)

    def as_dict(self) -> dict[str, Any]:
        """The party's data on a document."""
        return {
            "name": self.name,
            "corporate_number": self.corporate_number,
            "registration_number": self.registration_number,
            "person": self.person,
            "country": self.country,
            "country_name": self.country_name.as_dict(),
        }


def party_key(organisation: OrganisationView) -> str:
    """Key of a party in hashes and business keys: corporate number, or public identifier of a natural person."""
    return organisation.corporate_number or organisation.public_id


def party_keys(organisation_ids: Iterable[int]) -> dict[int, str]:
    """Database key → party key of each organisation, in one query."""
    return {key: number or public_id for key, public_id, number in identifiers_of(organisation_ids)}


def public_ids_of(organisation_ids: Iterable[int]) -> dict[int, str]:
    """Database key → public identifier of each organisation, in one query."""
    return {key: public_id for key, public_id, _ in identifiers_of(organisation_ids)}


def party_of(view: OrganisationView) -> Party:
    """An organisation's data for documents."""
    return Party(
        name=view.name,
        corporate_number=view.corporate_number,
        registration_number=view.invoice_registration_number,
        country=view.country,
        person=view.kind == OrganisationKind.INDIVIDUAL,
    )
