"""What a screening compares: the facts of an application, or of the organisation that it registered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from marketplace.kernel.canonical import digest_of
from marketplace.participants.queries import OrganisationView

from .models import BeneficialOwner, Registration

ORGANISATION, REPRESENTATIVE = "organisation", "representative"


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a screening looks for: ``about`` is what findings call it, ``names`` are as they were stated."""

    about: str
    names: tuple[str, ...]
    born_on: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that are compared with the registry and the lists."""

    is_individual: bool
    country: str
    corporate_number: str | None
    lei: str | None
    name: str
    address: str
    named: tuple[Named, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the facts, by which a change of them is found."""
        named = [
            [each.about, *each.names, each.born_on.isoformat() if each.born_on else ""] for each in self.named
        ]
        return digest_of(
            [
                self.country,
                self.corporate_number,
                self.lei,
                self.name,
                self.address,
                self.is_individual,
                named,
            ]
        )


def _by_key(owner: BeneficialOwner) -> int:
    return int(owner.pk)


def representative_of(row: Registration) -> str:
    """The representative with its title, as an organisation has it."""
    return f"{row.representative_title} {row.representative_name}".strip()


def facts_of(row: Registration, organisation: OrganisationView | None = None) -> Facts:
    """The facts of an application as it was stated or, once it is registered, as its ``organisation`` is now."""
    names = (row.name_ja, row.name_en)
    representatives: tuple[str, ...] = (row.representative_name,)
    number, country, address = row.corporate_number, row.country, row.address
    if organisation is not None:
        names = (organisation.name["ja"], organisation.name["en"])
        number, country, address = organisation.corporate_number, organisation.country, organisation.address
        if organisation.representative != representative_of(row):
            representatives = (organisation.representative, row.representative_name)
    return Facts(
        is_individual=row.kind == "individual",
        country=country,
        corporate_number=number,
        lei=row.lei,
        name=names[0],
        address=address,
        named=(
            Named(ORGANISATION, names),
            Named(REPRESENTATIVE, representatives),
            *(
                Named(owner.public_id, (owner.name,), owner.born_on)
                for owner in sorted(row.owners.all(), key=_by_key)
            ),
        ),
    )
