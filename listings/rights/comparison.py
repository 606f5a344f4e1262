"""Whether one policy is equal to, narrower or wider than another, or neither. Pure.

A policy is narrower if whatever it permits, in any state of the world, the other permits too, if it demands
whatever the other demands, and if it is exclusive only where the other is. The price is no right: the amount of a payment is not compared. Where the words of the
policies do not decide, the answer is undecided, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from marketplace.kernel.labels import Label

from .constraints import Truth
from .regions import MEMBERS_MAX, Axes, Box, TooManyBoxes, atoms_of, boxes_of, meet, subsets, uncovered
from .rules import Atom, Condition, Duty, Policy, Rule
from .vocabulary import ENSURE_EXCLUSIVITY, INCLUDED_IN, includes

OTHER = "other than "
ACTIVE = {"permission": frozenset[Truth]({True}), "prohibition": frozenset[Truth]({True, None})}
"""A permission needs certainty; a prohibition is active unless it is certain that it is not."""


class Relation(StrEnum):
    """How a policy compares with another."""

    EQUAL = "equal"
    NARROWER = "narrower"
    WIDER = "wider"
    INCOMPARABLE = "incomparable"
    UNDECIDED = "undecided"


RELATIONS: dict[Relation, Label] = {
    Relation.EQUAL: Label("the same rights", "同じ利用条件"),
    Relation.NARROWER: Label("narrower rights", "より狭い利用条件"),
    Relation.WIDER: Label("wider rights", "より広い利用条件"),
    Relation.INCOMPARABLE: Label("wider in part and narrower in part", "広い点と狭い点の両方がある利用条件"),
    Relation.UNDECIDED: Label("not decidable from the words", "文言からは判定できない利用条件"),
}


def compare(first: Policy, second: Policy, zone: ZoneInfo) -> Relation:
    """How ``first`` compares with ``second``; days of limits are those of ``zone``."""
    first, second = _canonical(first), _canonical(second)
    comparison = _Comparison(first, second, zone)
    is_within, is_around = comparison.is_within(first, second), comparison.is_within(second, first)
    if is_within is None or is_around is None:
        return Relation.UNDECIDED
    if is_within:
        return Relation.EQUAL if is_around else Relation.NARROWER
    return Relation.WIDER if is_around else Relation.INCOMPARABLE


def _canonical(policy: Policy) -> Policy:
    """The policy without identifiers and in a fixed order, so that no other way of writing it compares otherwise."""
    return replace(
        policy, permissions=_in_order(policy.permissions), prohibitions=_in_order(policy.prohibitions)
    )


def _in_order(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    bare = (
        replace(
            rule,
            uid="",
            conditions=_bare(rule.conditions),
            duties=tuple(sorted(rule.duties, key=repr)),
        )
        for rule in rules
    )
    return tuple(sorted(bare, key=repr))


def _bare(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    bare: list[Condition] = [
        replace(condition, uid="")
        if isinstance(condition, Atom)
        else replace(condition, uid="", parts=_bare(condition.parts))
        for condition in conditions
    ]
    return tuple(sorted(bare, key=repr))


@dataclass(frozen=True, slots=True)
class _Permitted:
    """What a policy permits of one action: the boxes of its permissions, without those of its prohibitions."""

    boxes: list[Box]
    barred: list[Box]


class _Comparison:
    """Two policies over common axes."""

    def __init__(self, first: Policy, second: Policy, zone: ZoneInfo) -> None:
        rules = [
            rule for policy in (first, second) for rule in chain(policy.permissions, policy.prohibitions)
        ]
        self.axes = Axes(zone)
        self.axes.add(atom for rule in rules for condition in rule.conditions for atom in atoms_of(condition))
        self.parties = self._members("party", {rule.assignee for rule in rules if rule.assignee})
        self.targets = self._members("target", {rule.target for rule in rules if rule.target})
        for rule in rules:
            for duty in rule.duties:
                self.axes.sizes["duty", duty.key] = 2
        # Actions that the same rules cover are one.
        alike = {tuple(_covers(rule, action) for rule in rules): action for action in _actions(rules)}
        self.actions = list(alike.values())
        self.boxes: dict[int, list[Box]] = {}

    def _members(self, axis: str, names: set[str]) -> list[frozenset[str] | None]:
        """The cells of a party or target: which of the names it is, or is part of; None if nobody stated it."""
        listed = sorted(names)
        is_exact = len(listed) <= MEMBERS_MAX
        cells = [None, *subsets(listed if is_exact else listed[:MEMBERS_MAX])]
        if not is_exact:
            self.axes.inexact.add(axis)
        self.axes.sizes[axis] = len(cells)
        return cells

    def is_within(self, inner: Policy, outer: Policy) -> Truth:
        """Whether all that ``inner`` permits ``outer`` permits too, and ``inner`` demands all that ``outer`` does."""
        if self.axes.inexact & {"party", "target"}:
            return None
        permits = self._permits_within(inner, outer)
        if permits is not True:
            return permits
        return _burdens(outer) <= _burdens(inner) and _is_exclusive(inner) <= _is_exclusive(outer)

    def _permits_within(self, inner: Policy, outer: Policy) -> Truth:
        try:
            remaining = [
                box
                for action in self.actions
                for box in _beyond(
                    self._permitted(inner, action), self._permitted(outer, action), self.axes.sizes
                )
            ]
        except TooManyBoxes:
            return None
        if not remaining:
            return True
        # A box that an inexact axis limits may be empty in every state of the world.
        return False if any(not self.axes.inexact & set(box) for box in remaining) else None

    def _permitted(self, policy: Policy, action: str) -> _Permitted:
        boxes = [
            box for rule in policy.permissions if _covers(rule, action) for box in self._rule_boxes(rule)
        ]
        if policy.conflict == "perm":
            return _Permitted(boxes, [])
        barring = (rule for rule in policy.prohibitions if _covers(rule, action))
        return _Permitted(boxes, [box for rule in barring for box in self._rule_boxes(rule)])

    def _rule_boxes(self, rule: Rule) -> list[Box]:
        if id(rule) not in self.boxes:
            self.boxes[id(rule)] = list(self._taken_by(rule))
        return self.boxes[id(rule)]

    def _taken_by(self, rule: Rule) -> Iterator[Box]:
        wanted = ACTIVE[rule.kind]
        frame: dict[Any, frozenset[int]] = {}
        for axis, name, cells in (
            ("party", rule.assignee, self.parties),
            ("target", rule.target, self.targets),
        ):
            if name is not None:
                frame[axis] = frozenset(
                    number
                    for number, cell in enumerate(cells)
                    if (None in wanted if cell is None else name in cell)
                )
        if rule.kind == "permission":
            frame |= {("duty", duty.key): frozenset({0}) for duty in rule.duties}
        for box in boxes_of(rule.conditions, self.axes, wanted):
            framed = meet(frame, box)
            if framed is not None:
                yield framed


def _beyond(inner: _Permitted, outer: _Permitted, sizes: dict[Any, int]) -> list[Box]:
    """What is permitted within and not without."""
    granted = uncovered(inner.boxes, inner.barred, sizes)
    ungranted = uncovered(granted, outer.boxes, sizes)
    barred = [box for one in granted for bar in outer.barred if (box := meet(one, bar)) is not None]
    return [*ungranted, *barred]


def _actions(rules: list[Rule]) -> Iterator[str]:
    """The actions that a rule can tell apart: those named, those that include them, and others beside each."""
    named: set[str] = set()
    for rule in rules:
        action = rule.action
        while action is not None:
            named.add(action)
            action = INCLUDED_IN.get(action)
    yield from sorted(named)
    yield from sorted(f"{OTHER}{action}" for action in named)
    yield OTHER


def _covers(rule: Rule, action: str) -> bool:
    if rule.action is None:
        return True
    # Another action that is included in a named one stands for all such that no rule names.
    return includes(rule.action, action.removeprefix(OTHER))


def _burdens(policy: Policy) -> set[tuple[str, Duty]]:
    """What a policy demands, without the identifiers of its parts and the amounts of payments."""
    rules = chain(policy.permissions, policy.prohibitions)
    duties = {("duty", _plain(duty)) for rule in rules for duty in rule.duties}
    demanded = (duty for duty in policy.obligations if duty.action != ENSURE_EXCLUSIVITY)
    return duties | {("obligation", _plain(duty)) for duty in demanded}


def _is_exclusive(policy: Policy) -> bool:
    """Whether the other side promises to grant nobody else the same."""
    return any(duty.action == ENSURE_EXCLUSIVITY for duty in policy.obligations)


def _plain(duty: Duty) -> Duty:
    bare = replace(duty, uid="")
    return replace(bare, refinements=()) if duty.action == "compensate" else bare
