"""Figures by class of participant: holds, refusals, decisions by people, accesses of staff, and what others contribute."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from marketplace.access.queries import told_accesses
from marketplace.kernel.labels import Label
from marketplace.participants.class_queries import ClassFacts, class_facts, decided_by_people

from ..models import Decision
from ..states import Outcome
from .contributions import MEASURES, SIZES, Measure
from .periods import Period
from .suppression import PARTIES_MIN, Cell, Table, suppress

NEW_DAYS = 180
"""A participant is new until so many days after its registration."""
LARGE_FROM_TRADES = 10
"""A participant is large from so many trades in the period on."""


def _decided(outcome: str) -> Any:
    def read(period: Period) -> Iterable[str]:
        rows = Decision.objects.filter(outcome=outcome, **period.window("decided_at")).order_by("pk")
        return (party for parties in rows.values_list("parties", flat=True) for party in parties)

    return read


Measure("holds", Label("decisions on hold", "保留の判定"), _decided(Outcome.HOLD))
Measure("refusals", Label("refusals by the rules", "規則による拒否"), _decided(Outcome.DENY))
Measure(
    "human_decisions",
    Label("decisions by the operator's people", "運営者の担当者による決定"),
    lambda period: decided_by_people(period.starts_at, period.ends_at),
)
Measure(
    "staff_accesses",
    Label("accesses of the operator's staff", "運営者による閲覧"),
    lambda period: told_accesses(period.starts_at, period.ends_at),
)


def class_figures(period: Period) -> dict[str, Any]:
    """The participants and every measure by kind, age and size, without figures from fewer than three parties.

    ``{"parties_min", "participants": {dimension: table}, "measures": {name: {"label", "by": {dimension: table}}}}``; a table
    is ``{"total", "classes"}`` of ``{"events", "parties"}``, null where suppressed.
    """
    facts = class_facts(period.ends_at)
    classes = _classes(facts, period)
    participants = [row.organisation for row in facts]
    return {
        "parties_min": PARTIES_MIN,
        "participants": _by_dimension(participants, classes),
        "measures": {
            measure.name: {
                "label": measure.label.as_dict(),
                "by": _by_dimension(measure.read(period), classes),
            }
            for measure in MEASURES.values()
        },
    }


def _classes(facts: list[ClassFacts], period: Period) -> dict[str, dict[str, str]]:
    """The class of each organisation in each dimension."""
    trades: Counter[str] = Counter()
    for read in SIZES:
        trades.update(read(period))
    new_since = period.ends_at - timedelta(days=NEW_DAYS)
    return {
        "kind": {row.organisation: row.kind for row in facts},
        "age": {row.organisation: "new" if row.registered_at >= new_since else "old" for row in facts},
        "size": {row.organisation: _size(trades[row.organisation]) for row in facts},
    }


def _size(trades: int) -> str:
    if not trades:
        return "no_trades"
    return "large" if trades >= LARGE_FROM_TRADES else "small"


def _by_dimension(events: Iterable[str], classes: dict[str, dict[str, str]]) -> dict[str, Any]:
    """One table for each dimension; who is in no class, such as the operator, is not counted."""
    counted = Counter(events)
    return {dimension: _shown(_table(counted, of)) for dimension, of in classes.items()}


def _table(counted: Counter[str], of: dict[str, str]) -> Table:
    events: Counter[str] = Counter()
    parties: dict[str, set[str]] = defaultdict(set)
    for organisation, count in counted.items():
        if organisation in of:
            events[of[organisation]] += count
            parties[of[organisation]].add(organisation)
    cells = {name: Cell(events[name], len(parties[name])) for name in sorted(set(of.values()))}
    return suppress(Cell(sum(events.values()), sum(cell.parties for cell in cells.values())), cells)


def _shown(table: Table) -> dict[str, Any]:
    return {
        "total": table.total._asdict() if table.total else None,
        "classes": {name: cell._asdict() if cell else None for name, cell in table.cells.items()},
    }
