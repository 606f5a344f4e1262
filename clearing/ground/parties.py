"""Parties of trades outside the database: their key in hashes, and how documents name them."""

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
    """Who issues, supplies or receives. ``name`` is ``{"ja", "en"}``, ``country`` ISO 3166 of two letters."""

    name: dict[str, str]
    corporate_number: str | None
    registration_number: str | None
    country: str = HOME_COUNTRY
    person: bool = False

    @property
    def country_name(self) -> Label:
        """The country in words; its code where no word is known."""
        return _country_name(self.country)

    @property
    def is_foreign_unregistered(self) -> bool:
        """Whether it is a foreign business that cannot issue qualified invoices."""
        return self.country != HOME_COUNTRY and self.registration_number is None

    def as_dict(self) -> dict[str, Any]:
        """As it stands on a document."""
        return {
            "name": self.name,
            "corporate_number": self.corporate_number,
            "registration_number": self.registration_number,
            "person": self.person,
            "country": self.country,
            "country_name": self.country_name.as_dict(),
        }


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
