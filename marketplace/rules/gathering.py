"""The facts of a subject at a decision point, from its providers and from the caller."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marketplace.kernel import clock

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
