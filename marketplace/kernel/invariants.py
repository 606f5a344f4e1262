"""The register of invariants: what always holds, which database guard holds it, and which test tries it.

Each application declares its own in ``invariants.py``. ``manage.py check_invariants`` verifies them all over
the whole database; it is the second guard where no constraint can reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

BREACHES_SHOWN_MAX = 20

REGISTER: dict[str, Invariant] = {}

Check = Callable[[], list[dict[str, Any]]]
Breaches = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Invariant:
    """One statement that is true of every committed state of the database.

    ``name``: ``<app>.<statement in snake case>``. ``promise``: the number of the market's promise it serves.
    ``guards``: database constraints and triggers that hold it, as ``table.name``. ``test``: the test that tries
    to break it by raw SQL, as ``path::function``. ``check``: returns the rows that break it, empty when it holds.
    """

    name: str
    promise: int
    statement: str
    check: Check
    guards: tuple[str, ...] = field(default=())
    test: str = ""

    def __post_init__(self) -> None:
        """Enter the register; a name is taken once."""
        if self.name in REGISTER:
            raise ValueError(f"invariant {self.name} is declared twice")
        REGISTER[self.name] = self


@dataclass(frozen=True)
class Scope:
    """A part of the database that can be verified by itself: by its key, invariant → breaches."""

    verify: Callable[[str], Breaches]
    help: str


SCOPES: dict[str, Scope] = {}


def register_scope(name: str, verify: Callable[[str], Breaches], help_text: str) -> None:
    """Let ``check_invariants --<name> KEY`` verify one such part; an application registers its own."""
    SCOPES[name] = Scope(verify, help_text)


def by_query(sql: str) -> Check:
    """A check whose breaches are the rows that ``sql`` selects."""

    def check() -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            columns = [column.name for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchmany(BREACHES_SHOWN_MAX)]

    return check


def verify_all(app: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """Verify every invariant (of one ``app``, if named): name → breaches, for all that were checked."""
    return {
        name: invariant.check()
        for name, invariant in sorted(REGISTER.items())
        if app is None or name.startswith(f"{app}.")
    }
