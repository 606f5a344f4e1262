"""Whether a constraint is satisfied by a request in a state of the world: yes, no, or unknown. Pure.

Three values (Kleene): what nobody stated is unknown, and an unknown fact never makes a permission active.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from zoneinfo import ZoneInfo

from .limits import end_of, span
from .rules import Atom, Compound, Condition
from .vocabulary import PART_OF

ORDERED = frozenset({"eq", "neq", "lt", "lteq", "gt", "gteq"})
NUMBERS = frozenset({"count", "percentage", "payAmount", "absoluteSize", "relativeSize", "resolution"})
Truth = bool | None
"""Satisfied, not satisfied, or unknown."""


class DutyState(StrEnum):
    """What is known of a duty (the deontic states of ODRL's formal semantics)."""

    FULFILLED = "fulfilled"
    VIOLATED = "violated"
    UNSET = "unset"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: an action, and by whom and on what; ``facts`` are the values of left operands, such as
    ``{"purpose": "m:research", "spatial": "JP", "count": "3"}``. Names are those of policies."""

    action: str
    party: str | None = None
    target: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """The state of the world: the time, when the agreement was made, how much of its time was lost and given back, what is
    part of what (by IRI), duties by their key, and the events that have happened (None: unknown)."""

    zone: ZoneInfo
    now: datetime | None = None
    agreed_at: datetime | None = None
    given_back: timedelta = timedelta()
    part_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    duties: Mapping[str, DutyState] = field(default_factory=dict)
    events: frozenset[str] | None = None


def satisfied(condition: Condition, question: Question, world: World) -> Truth:
    """Whether a condition is satisfied."""
    if isinstance(condition, Atom):
        return atom_satisfied(condition, question, world)
    return combined(condition, [satisfied(part, question, world) for part in condition.parts])


def combined(compound: Compound, parts: list[Truth]) -> Truth:
    """The value of a logical constraint whose parts have these values.

    An ``andSequence`` is true when all its parts are; in which order they came true is not known here.
    """
    if compound.operand == "or":
        return True if True in parts else None if None in parts else False
    if compound.operand == "xone":
        return None if None in parts else parts.count(True) == 1
    return False if False in parts else None if None in parts else True


def atom_satisfied(atom: Atom, question: Question, world: World) -> Truth:
    """Whether a constraint is satisfied; a limit that cannot be read is unknown."""
    try:
        if atom.left == "dateTime":
            return _moment(atom, world)
        if atom.left == "elapsedTime":
            return _elapsed(atom, world)
        if atom.left == "event":
            return _event(atom, world)
        value = question.facts.get(atom.left)
        if value is None or not atom.right:
            return None
        if atom.left in NUMBERS or atom.operator in ORDERED - {"eq", "neq"}:
            return _compared(atom.operator, Decimal(value), Decimal(atom.right[0]))
        return _named(atom, value, world)
    except (ValueError, OverflowError, InvalidOperation):
        return None


def _moment(atom: Atom, world: World) -> Truth:
    if world.now is None or not atom.right:
        return None
    first, end = span(atom.right[0], world.zone)
    # A day is all of its instants; of an instant, first and end are the same.
    within = first <= world.now < end or world.now == first
    results: dict[str, bool] = {
        "lt": world.now < first,
        "lteq": world.now < first or within,
        "gt": world.now > first and not within,
        "gteq": world.now >= first,
        "eq": within,
        "neq": not within,
    }
    return results.get(atom.operator)


def _elapsed(atom: Atom, world: World) -> Truth:
    if world.now is None or world.agreed_at is None or not atom.right:
        return None
    # The instant at which a period ends belongs to it no more: access is closed from then on. What was given back does not count.
    has_ended = world.now - world.given_back >= end_of(world.agreed_at.astimezone(world.zone), atom.right[0])
    return {"lt": not has_ended, "lteq": not has_ended, "gt": has_ended, "gteq": has_ended}.get(atom.operator)


def _event(atom: Atom, world: World) -> Truth:
    if world.events is None or not atom.right:
        return None
    happened = atom.right[0] in world.events
    return {"gt": happened, "lt": not happened}.get(atom.operator)


def _compared(operator: str, value: Decimal, limit: Decimal) -> Truth:
    results = {
        "eq": value == limit,
        "neq": value != limit,
        "lt": value < limit,
        "lteq": value <= limit,
        "gt": value > limit,
        "gteq": value >= limit,
    }
    return results.get(operator)


def _named(atom: Atom, value: str, world: World) -> Truth:
    right = set(atom.right)
    results = {
        "eq": right == {value},
        "isAllOf": right == {value},
        "isAnyOf": value in right,
        "neq": right != {value},
        "isNoneOf": value not in right,
        "isA": value in right,
        "isPartOf": bool(right & wholes_of(value, world.part_of)),
        "hasPart": all(value in wholes_of(part, world.part_of) for part in right),
    }
    return results.get(atom.operator)


def wholes_of(name: str, part_of: Mapping[str, frozenset[str]]) -> set[str]:
    """A name and everything that it is part of, by the profile and by the state of the world."""
    found, pending = set(), [name]
    while pending:
        one = pending.pop()
        if one not in found:
            found.add(one)
            pending += [*part_of.get(one, ()), *([PART_OF[one]] if one in PART_OF else ())]
    return found
