"""Regions of questions: what a rule covers, as unions of boxes over finitely many cells. Pure.

Two policies mention finitely many values. On each axis (a left operand, a party, a duty) these cut all that can be
asked into finitely many cells of which every rule takes a whole one or nothing; a cell is represented by one of its
values, and the constraint itself says whether it takes it. A constraint that this cannot cut exactly, such as a
membership that only the state of the world knows, gets an axis of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import combinations, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from .constraints import NUMBERS, Question, Truth, World, atom_satisfied
from .limits import length, span
from .rules import Atom, Compound, Condition
from .vocabulary import PART_OF

BOXES_MAX = 400
MEMBERS_MAX = 4
CUT = frozenset({"dateTime", "elapsedTime", "event"})
SCOPES = frozenset(name for pair in PART_OF.items() for name in pair)
PART = "urn:part-of:"
MOMENT = timedelta(seconds=1)
NAMED = frozenset({"eq", "neq", "isAnyOf", "isAllOf", "isNoneOf", "isA"})
DAYS_IN_MONTHS = (28, 31)

Box = Mapping[Any, frozenset[int]]
"""The cells that a rule takes on each axis; an axis that is not named is taken whole."""


class TooManyBoxes(Exception):
    """A constraint takes more boxes than are compared."""


@dataclass(slots=True)
class Axes:
    """The axes of two policies: the value of each constraint on each cell, and which axes are not exact."""

    zone: ZoneInfo
    tables: dict[Atom, tuple[Any, tuple[Truth, ...]]] = field(default_factory=dict)
    sizes: dict[Any, int] = field(default_factory=dict)
    inexact: set[Any] = field(default_factory=set)

    def add(self, atoms: Iterable[Atom]) -> None:
        """Cut the axes by all constraints of both policies."""
        by_left: dict[str, list[Atom]] = {}
        for atom in dict.fromkeys(atoms):
            by_left.setdefault(atom.left, []).append(atom)
        for left, group in by_left.items():
            cells = self._cells(left, group)
            for atom in group:
                if cells is None or not _is_exact(atom, group):
                    self._own_axis(atom)
                else:
                    self.tables[atom] = (left, tuple(_value(atom, cell, self.zone, group) for cell in cells))
                    self.sizes[left] = len(cells)

    def _own_axis(self, atom: Atom) -> None:
        axis = ("own", atom.left, atom.operator, atom.right)
        self.tables[atom] = (axis, (True, False, None))
        self.sizes[axis] = 3
        self.inexact.add(axis)

    def _cells(self, left: str, group: Sequence[Atom]) -> list[Any] | None:
        """A value of each cell of an axis, None for what nobody stated; None if the axis cannot be cut."""
        try:
            if left == "dateTime":
                return [None, *_between(sorted({one for atom in group for one in _edges(atom, self.zone)}))]
            if left == "elapsedTime":
                return _periods(group)
            if left == "event":
                events = sorted({name for atom in group for name in atom.right})
                return None if len(events) > MEMBERS_MAX else [None, *subsets(events)]
            if left in NUMBERS:
                return [
                    None,
                    *_numbers({Decimal(one) for atom in group for one in atom.right}, left == "count"),
                ]
        except (ValueError, OverflowError, InvalidOperation):
            return None
        names = {name for atom in group for name in atom.right} | SCOPES
        return [None, *sorted(names), "urn:other", *(f"{PART}{scope}" for scope in sorted(SCOPES))]


def _is_exact(atom: Atom, group: Sequence[Atom]) -> bool:
    if atom.left in CUT or atom.left in NUMBERS:
        return True
    if atom.operator == "isPartOf":
        # A name that is no scope may be part of one, which only the state of the world knows.
        return all(set(other.right) <= SCOPES for other in group)
    return atom.operator in NAMED


def subsets(names: Sequence[str]) -> list[frozenset[str]]:
    """Every set of some of the names."""
    return [frozenset(some) for size in range(len(names) + 1) for some in combinations(names, size)]


def _edges(atom: Atom, zone: ZoneInfo) -> Iterable[datetime]:
    return (moment.astimezone(UTC) for one in atom.right for moment in span(one, zone))


def _between(edges: Sequence[datetime]) -> list[datetime]:
    """Each edge, a moment before all, one after each."""
    if not edges:
        return [datetime(2000, 1, 1, tzinfo=UTC)]
    inner = [edge + (following - edge) / 2 for edge, following in pairwise(edges)]
    return [edges[0] - MOMENT, *edges, *inner, edges[-1] + MOMENT]


def _numbers(limits: set[Decimal], are_whole: bool) -> list[str]:  # noqa: FBT001  internal
    edges = sorted(limits)
    if are_whole:
        near = {int(edge) + step for edge in edges for step in (-1, 0, 1)}
        return [str(one) for one in sorted(near)]
    inner = [(edge + following) / 2 for edge, following in pairwise(edges)]
    around = [edges[0] - 1, *edges, *inner, edges[-1] + 1] if edges else [Decimal(0)]
    return [str(one) for one in around]


def _periods(group: Sequence[Atom]) -> list[Any] | None:
    """How many of the durations have ended, from none to all; None if their order depends on when they begin."""
    ordered = _by_length(group)
    for shorter, longer in pairwise(ordered):
        no_longer = shorter[0] <= longer[0] and shorter[1] <= longer[1]
        if not no_longer and _longest(shorter) > _shortest(longer):
            return None
    return [None, *range(len(ordered) + 1)]


def _by_length(group: Sequence[Atom]) -> list[tuple[int, int]]:
    """The durations of an axis, as months and days, from the shortest to the longest."""
    durations = {length(one) for atom in group for one in atom.right}
    return sorted(durations, key=lambda one: (_shortest(one), _longest(one), one))


def _shortest(duration: tuple[int, int]) -> int:
    months, days = duration
    return max(months * DAYS_IN_MONTHS[0], months * 30 - 3 + months // 3) * (months > 0) + days


def _longest(duration: tuple[int, int]) -> int:
    months, days = duration
    return min(months * DAYS_IN_MONTHS[1], months * 31 - months // 3 + 3) + days


def _value(atom: Atom, cell: Any, zone: ZoneInfo, group: Sequence[Atom]) -> Truth:
    """Whether the constraint takes a cell: it is asked about the value that represents it."""
    if cell is None:
        return None
    if atom.left == "elapsedTime":
        if atom.operator not in ("lt", "lteq", "gt", "gteq"):
            return None
        has_ended = cell > _by_length(group).index(length(atom.right[0]))
        return has_ended if atom.operator in ("gt", "gteq") else not has_ended
    world = World(zone=zone, now=cell if atom.left == "dateTime" else None)
    if atom.left == "event":
        world = World(zone=zone, events=cell)
    if isinstance(cell, str) and cell.startswith(PART):
        world = World(zone=zone, part_of={cell: frozenset({cell.removeprefix(PART)})})
    facts = {} if isinstance(cell, datetime | frozenset) else {atom.left: cell}
    return atom_satisfied(atom, Question("use", facts=facts), world)


def atoms_of(condition: Condition) -> Iterable[Atom]:
    """The constraints that a condition is made of."""
    if isinstance(condition, Atom):
        yield condition
    else:
        for part in condition.parts:
            yield from atoms_of(part)


def boxes_of(conditions: Sequence[Condition], axes: Axes, wanted: frozenset[Truth]) -> list[Box]:
    """The boxes in which every one of the conditions has a value of ``wanted``. Raises TooManyBoxes."""
    boxes: list[Box] = [{}]
    for condition in conditions:
        boxes = _product(boxes, _boxes(condition, axes, wanted))
    return boxes


def _boxes(condition: Condition, axes: Axes, wanted: frozenset[Truth]) -> list[Box]:
    if isinstance(condition, Atom):
        axis, values = axes.tables[condition]
        cells = frozenset(number for number, value in enumerate(values) if value in wanted)
        return [{axis: cells}] if cells else []
    return _compound_boxes(condition, axes, wanted)


def _compound_boxes(compound: Compound, axes: Axes, wanted: frozenset[Truth]) -> list[Box]:
    """Which boxes take a logical constraint, for the two sets that are asked for: {True} and {True, None}."""
    parts = compound.parts
    if compound.operand == "or":
        found = [box for part in parts for box in _boxes(part, axes, wanted)]
    elif compound.operand == "xone":
        found = []
        for number, chosen in enumerate(parts):
            boxes: list[Box] = _boxes(chosen, axes, frozenset({True}))
            for other_number, other in enumerate(parts):
                if other_number != number:
                    boxes = _product(boxes, _boxes(other, axes, frozenset({False})))
            found += boxes
            if None in wanted:
                found += _boxes(chosen, axes, frozenset({None}))
    else:
        found = boxes_of(parts, axes, wanted)
    if len(found) > BOXES_MAX:
        raise TooManyBoxes
    return found


def _product(first: list[Box], second: list[Box]) -> list[Box]:
    made = [box for one in first for other in second if (box := meet(one, other)) is not None]
    if len(made) > BOXES_MAX:
        raise TooManyBoxes
    return made


def meet(first: Box, second: Box) -> Box | None:
    """The box that both share; None if they share nothing."""
    made = dict(first)
    for axis, cells in second.items():
        shared = made[axis] & cells if axis in made else cells
        if not shared:
            return None
        made[axis] = shared
    return made


def without(box: Box, taken: Box, sizes: Mapping[Any, int]) -> list[Box]:
    """What remains of a box without another, as boxes that share nothing."""
    if meet(box, taken) is None:
        return [box]
    remaining: list[Box] = []
    rest = dict(box)
    for axis, cells in taken.items():
        own = rest.get(axis, frozenset(range(sizes[axis])))
        outside = own - cells
        if outside:
            remaining.append({**rest, axis: outside})
        rest[axis] = own & cells
    return remaining


def uncovered(boxes: Iterable[Box], covers: Iterable[Box], sizes: Mapping[Any, int]) -> list[Box]:
    """What of the boxes no cover takes. Raises TooManyBoxes."""
    remaining = list(boxes)
    for cover in covers:
        remaining = [part for box in remaining for part in without(box, cover, sizes)]
        if len(remaining) > BOXES_MAX:
            raise TooManyBoxes
        if not remaining:
            break
    return remaining
