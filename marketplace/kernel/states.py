"""State machines, each one table: ``(state, command, role) → state``.

The table is the only definition of a lifecycle. ``advance`` uses it, the database guard (``guards.state_guard``)
enforces its old → new pairs, and the documentation and the test matrix are generated from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import QuerySet

from .errors import IllegalTransition, StaleState
from .prepared import update_prepared

MACHINES: dict[str, StateMachine] = {}


@dataclass(frozen=True)
class StateMachine:
    """A lifecycle. ``name`` is ``<app>.<subject>``; ``initial`` are the states in which a row may be inserted.

    States without a transition are terminal. Roles are plain strings (``seller``, ``operator``, ``system``): the
    service that calls ``advance`` knows the role of its actor toward the subject.
    """

    name: str
    states: type[models.TextChoices]
    initial: frozenset[str]
    table: Mapping[tuple[str, str, str], str]

    def __post_init__(self) -> None:
        """Register the machine; raises ValueError for an unknown state, no initial state or a name that is taken."""
        known = set(self.states.values)
        used = set(self.initial) | {key[0] for key in self.table} | set(self.table.values())
        if not used <= known or not self.initial:
            raise ValueError(f"{self.name}: unknown states {sorted(used - known)} or no initial state")
        if self.name in MACHINES:
            raise ValueError(f"{self.name} is declared twice")
        MACHINES[self.name] = self

    def target(self, *, state: str, command: str, role: str) -> str:
        """The state after ``command``; raises IllegalTransition, which names the commands that are allowed."""
        try:
            return str(self.table[(state, command, role)])
        except KeyError:
            allowed = ", ".join(self.commands(state=state, role=role)) or "-"
            raise IllegalTransition(
                machine=self.name, state=state, command=command, role=role, allowed=allowed
            ) from None

    def commands(self, *, state: str, role: str) -> list[str]:
        """The commands allowed to ``role`` in ``state``, sorted."""
        return sorted(command for (source, command, who) in self.table if (source, who) == (state, role))

    def edges(self) -> list[tuple[str, str]]:
        """Every allowed old → new pair, sorted: what the database guard enforces."""
        return sorted({(str(source), str(target)) for (source, _, _), target in self.table.items()})

    def terminal(self) -> list[str]:
        """States without a transition, sorted."""
        return sorted(set(self.states.values) - {str(source) for source, _ in self.edges()})


def expand_roles(table: Mapping[tuple[str, str, Iterable[str]], str]) -> dict[tuple[str, str, str], str]:
    """Expand rows that name several roles into one row per role."""
    return {(state, command, role): target for (state, command, who), target in table.items() for role in who}


def advance(subject: models.Model, machine: StateMachine, *, command: str, role: str, **changes: Any) -> str:
    """Change ``subject.state`` by ``command`` and save it together with ``changes``.

    Returns the previous state. Raises IllegalTransition, or StaleState if the row has changed since it was read.
    A caller that made a decision on the row must hold its lock.
    """
    previous: str = subject.state  # type: ignore[attr-defined]
    changes["state"] = machine.target(state=previous, command=command, role=role)
    if update_prepared(subject, changes, where={"state": previous}) != 1:
        raise StaleState(machine=machine.name, state=previous)
    for field, value in changes.items():
        setattr(subject, field, value)
    return previous


def advance_all(
    rows: QuerySet[Any], machine: StateMachine, *, command: str, role: str, **changes: Any
) -> int:
    """Change the state of ``rows`` by one command and save ``changes`` with it, in one statement; returns how many.

    Rows in a state without that command stay as they are: the caller compares the number. Raises ValueError if the
    command leads to several states.
    """
    sources = [state for state, name, who in machine.table if (name, who) == (command, role)]
    targets = {str(machine.table[(state, command, role)]) for state in sources}
    if len(targets) != 1:
        raise ValueError(f"{machine.name}: {command} leads to {len(targets)} states")
    return rows.filter(state__in=sources).update(state=targets.pop(), **changes)
