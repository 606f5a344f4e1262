"""The facts of a subject at a decision point, from its providers and from the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.errors import Missing

from .errors import FactsNotTaken, UnknownPoint
from .points import POINTS
from .providers import PROVIDERS, recordable_facts

Given = Mapping[str, Mapping[str, Any]]
"""Facts that a caller states, by namespace and name."""


def gather_facts(
    types: Mapping[str, str], point: str, subject: str, now: datetime, given: Given | None = None
) -> dict[str, Any]:
    """The facts of ``types`` (name → type) about a subject, as a decision records them.

    Raises UnknownPoint, FactsNotTaken, and errors of a provider (Missing).
    """
    asked = POINTS.get(point)
    if asked is None:
        raise UnknownPoint(point=point)
    values: dict[str, Any] = {"market.now": now, "market.date": clock.business_date(now).isoformat()}
    for namespace, stated in (given or {}).items():
        named = {f"{namespace}.{name}": value for name, value in stated.items()}
        if namespace not in asked.given or not set(named) <= set(types):
            raise FactsNotTaken(point=point, facts=", ".join(sorted(named)) or namespace)
        values |= named
    for name in asked.providers:
        values |= {f"{name}.{fact}": value for fact, value in PROVIDERS[name].load(subject).items()}
    return recordable_facts(values, types)


def gather_many(
    types: Mapping[str, str], point: str, subjects: Sequence[str], now: datetime
) -> dict[str, dict[str, Any]]:
    """The facts of many subjects, by identifier, as ``gather_facts``; those that do not exist any more are left out.

    A provider that loads many at once is asked once. Raises UnknownPoint.
    """
    if point not in POINTS:
        raise UnknownPoint(point=point)
    market = {"market.now": now, "market.date": clock.business_date(now).isoformat()}
    found: dict[str, dict[str, Any]] = {subject: dict(market) for subject in subjects}
    for name in POINTS[point].providers:
        loaded = _load_many(name, list(found))
        found = {
            subject: values | {f"{name}.{fact}": value for fact, value in loaded[subject].items()}
            for subject, values in found.items()
            if subject in loaded
        }
    return {subject: recordable_facts(values, types) for subject, values in found.items()}


def _load_many(name: str, subjects: list[str]) -> Mapping[str, Mapping[str, Any]]:
    provider = PROVIDERS[name]
    if provider.load_many is not None:
        return provider.load_many(subjects)
    loaded: dict[str, Mapping[str, Any]] = {}
    for subject in subjects:
        try:
            loaded[subject] = provider.load(subject)
        except Missing:
            continue
    return loaded
