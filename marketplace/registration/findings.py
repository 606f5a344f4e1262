"""What a screening finds: the facts of an applicant compared with the registry and the sanctions lists. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from stdnum.jp import cn

from .facts import ORGANISATION, Facts, Named
from .names import normal_address, normal_name
from .states import FindingCode

YEARS_APART_MAX = 1


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding. ``about``: ``organisation``, ``representative`` or an owner's identifier; ``list`` and ``reference``
    name the entry of a sanctions list. No name stands in it."""

    code: str
    about: str = ORGANISATION
    list: str | None = None
    reference: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """As it is stored."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RegistryView:
    """What the registry says of a corporate number."""

    name: str
    address: str
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class ListedName:
    """A name on a sanctions list, in normal form."""

    list: str
    reference: str
    normal: str
    born_on: date | None


def registry_findings(facts: Facts, entry: RegistryView | None, *, is_loaded: bool) -> list[Finding]:
    """What differs from the registry of corporate numbers; abroad, whether there is an LEI instead."""
    if facts.corporate_number is None:
        needs_extract = not facts.is_individual and facts.lei is None
        return [Finding(FindingCode.WITHOUT_LEI)] if needs_extract else []
    if not is_loaded:
        return [Finding(FindingCode.REGISTRY_NOT_LOADED)]
    if entry is None or not cn.is_valid(facts.corporate_number):
        return [Finding(FindingCode.NOT_IN_REGISTRY)]
    found = []
    if entry.closed_on is not None:
        found.append(Finding(FindingCode.CLOSED_IN_REGISTRY))
    if normal_name(entry.name) != normal_name(facts.name):
        found.append(Finding(FindingCode.NAME_DIFFERS))
    if not normal_address(facts.address).startswith(normal_address(entry.address)):
        found.append(Finding(FindingCode.ADDRESS_DIFFERS))
    return found


def names_of(named: Named) -> set[str]:
    """The names of somebody in normal form."""
    return {normal_name(name) for name in named.names if name}


def list_findings(named: Iterable[Named], listed: Iterable[ListedName], *, is_loaded: bool) -> list[Finding]:
    """Who has the name of somebody on a list. One whose year of birth is more than ``YEARS_APART_MAX`` from the list's is not
    it: lists often know the year alone, or not well."""
    if not is_loaded:
        return [Finding(FindingCode.LISTS_NOT_LOADED)]
    by_name: dict[str, list[ListedName]] = {}
    for entry in listed:
        by_name.setdefault(entry.normal, []).append(entry)
    return [
        Finding(FindingCode.LISTED, somebody.about, entry.list, entry.reference)
        for somebody in named
        for normal in sorted(names_of(somebody))
        for entry in by_name.get(normal, ())
        if _may_be_born(somebody.born_on, entry.born_on)
    ]


def _may_be_born(stated: date | None, listed: date | None) -> bool:
    return stated is None or listed is None or abs(stated.year - listed.year) <= YEARS_APART_MAX
