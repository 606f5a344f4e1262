"""Suppression of figures from fewer than three parties. Pure.

One suppressed cell of a table would follow from the total and the others, so further cells are suppressed until those
suppressed stand for three parties together and are at least two; failing that, the total goes too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

PARTIES_MIN = 3


class Cell(NamedTuple):
    """A count of events, and of the parties that they concern."""

    events: int
    parties: int


class Table(NamedTuple):
    """A total and its cells by class; None is suppressed."""

    total: Cell | None
    cells: dict[str, Cell | None]


def suppress(total: Cell, cells: Mapping[str, Cell]) -> Table:
    """The table without what would tell of fewer than ``PARTIES_MIN`` parties. A cell without events tells of nobody."""
    hidden = {name for name, cell in cells.items() if 0 < cell.parties < PARTIES_MIN}
    shown = sorted(
        (name for name, cell in cells.items() if name not in hidden and cell.parties),
        key=lambda name: (cells[name].parties, name),
    )
    while hidden and shown and not _covered(hidden, cells):
        hidden.add(shown.pop(0))
    is_whole = not hidden or _covered(hidden, cells)
    return Table(
        total if is_whole and (not total.parties or total.parties >= PARTIES_MIN) else None,
        {name: None if name in hidden else cell for name, cell in cells.items()},
    )


def _covered(hidden: set[str], cells: Mapping[str, Cell]) -> bool:
    """Whether what is hidden does not follow from the total: several cells, of enough parties together."""
    return len(hidden) > 1 and sum(cells[name].parties for name in hidden) >= PARTIES_MIN
