"""State machines as one table: ``(state, command, role) → state``.

The table is the only place that says what may happen. The setter below uses it, the database guard
(``guards.state_guard``) holds its projection old → new, and the documentation and the positive and negative
test matrix are made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from .errors import IllegalTransition, StaleState

MACHINES: dict[str, StateMachine] = {}


@dataclass(frozen=True)
class StateMachine:
    """A lifecycle. ``name`` is ``<app>.<subject>``; ``initial`` are the states a row may be made in.

    States without a way out are terminal. Roles are plain words (``seller``, ``operator``, ``system``): the
    service that calls the setter knows in which role its actor stands to the subject.
    """

    name: str
    states: type[models.TextChoices]
    initial: frozenset[str]
    table: Mapping[tuple[str, str, str], str]

    def __post_init__(self) -> None:
        """Check that the table speaks of known states only, and enter the machine in the register."""
        known = set(self.states.values)
        spoken = set(self.initial) | {key[0] for key in self.table} | set(self.table.values())
        if not spoken <= known or not self.initial:
            raise ValueError(f"{self.name}: unknown states {sorted(spoken - known)} or no initial state")
        if self.name in MACHINES:
            raise ValueError(f"{self.name} is declared twice")
        MACHINES[self.name] = self

    def target(self, *, state: str, command: str, role: str) -> str:
        """The state that ``command`` leads to; raises IllegalTransition naming what is possible instead."""
        try:
            return str(self.table[(state, command, role)])
        except KeyError:
            allowed = ", ".join(self.commands(state=state, role=role)) or "-"
            raise IllegalTransition(
                machine=self.name, state=state, command=command, role=role, allowed=allowed
            ) from None

    def commands(self, *, state: str, role: str) -> list[str]:
        """Commands open to ``role`` in ``state``, sorted."""
        return sorted(command for (source, command, who) in self.table if (source, who) == (state, role))

    def edges(self) -> list[tuple[str, str]]:
        """Every permitted old → new pair, sorted: what the database guard holds."""
        return sorted({(str(source), str(target)) for (source, _, _), target in self.table.items()})

    def terminal(self) -> list[str]:
        """States without a way out, sorted."""
        return sorted(set(self.states.values) - {str(source) for source, _ in self.edges()})


def roles(table: Mapping[tuple[str, str, Iterable[str]], str]) -> dict[tuple[str, str, str], str]:
    """Spread rows that name several roles into one row a role, so that a table can be written briefly."""
    return {(state, command, role): target for (state, command, who), target in table.items() for role in who}


def advance(subject: models.Model, machine: StateMachine, *, command: str, role: str, **changes: Any) -> str:
    """The guarded setter: move ``subject.state`` by ``command`` and save it with ``changes``.

    Returns the state it came from. Raises IllegalTransition, or StaleState if the row is no longer as read.
    The caller holds the row's lock where a decision was made on it.
    """
    previous: str = subject.state  # type: ignore[attr-defined]
    changes["state"] = machine.target(state=previous, command=command, role=role)
    updated = type(subject)._default_manager.filter(pk=subject.pk, state=previous).update(**changes)
    if updated != 1:
        raise StaleState(machine=machine.name, state=previous)
    for field, value in changes.items():
        setattr(subject, field, value)
    return previous
