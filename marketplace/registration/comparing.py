"""Compare an application with the registry and the lists that are loaded: what the job does between two transactions."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.participants.queries import organisations_by_id

from .facts import Facts, facts_of
from .findings import Finding, ListedName, RegistryView, list_findings, names_of, registry_findings
from .models import Registration, RegistryEntry, RegistrySnapshot, ScreeningEntry, ScreeningList
from .states import ScreeningOutcome


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison came to. ``lists``: public identifiers of the lists asked; ``snapshot_id``: the registry's key."""

    findings: tuple[Finding, ...]
    facts_digest: str
    snapshot_id: int | None
    lists: tuple[str, ...]

    @property
    def outcome(self) -> ScreeningOutcome:
        """Held where anything was found."""
        return ScreeningOutcome.HELD if self.findings else ScreeningOutcome.CLEAR


def current_facts(row: Registration) -> Facts:
    """The facts of an application or, once it is registered, of its organisation as it is now."""
    if row.organisation_id is None:
        return facts_of(row)
    return facts_of(row, organisations_by_id([row.organisation_id])[row.organisation_id])


def current_lists() -> list[ScreeningList]:
    """The newest version of each sanctions list, by code."""
    return list(ScreeningList.objects.order_by("code", "-id").distinct("code"))


def current_snapshot() -> RegistrySnapshot | None:
    """The file of the registry that was completed last."""
    return RegistrySnapshot.objects.exclude(completed_at=None).order_by("-completed_at").first()


def compare(row: Registration) -> Comparison:
    """Compare the present facts of an application with what is loaded now."""
    facts, lists, snapshot = current_facts(row), current_lists(), current_snapshot()
    entry = (
        RegistryEntry.objects.filter(pk=facts.corporate_number).first() if facts.corporate_number else None
    )
    view = RegistryView(entry.name, entry.address, entry.closed_on) if entry else None
    found = {
        *registry_findings(facts, view, is_loaded=snapshot is not None),
        *list_findings(facts.named, _listed(facts, lists), is_loaded=bool(lists)),
    }
    ordered = sorted(found, key=lambda each: [value or "" for value in each.as_dict().values()])
    return Comparison(
        findings=tuple(ordered),
        facts_digest=facts.digest,
        snapshot_id=snapshot.pk if snapshot else None,
        lists=tuple(each.public_id for each in lists),
    )


def _listed(facts: Facts, lists: list[ScreeningList]) -> list[ListedName]:
    """The entries of ``lists`` that have one of the names in the facts."""
    names = set().union(*(names_of(somebody) for somebody in facts.named))
    known = {each.pk: each.public_id for each in lists}
    entries = ScreeningEntry.objects.filter(normal__in=names, screening_list_id__in=known)
    return [
        ListedName(known[each.screening_list_id], each.reference, each.normal, each.born_on)
        for each in entries
    ]
