"""The register of advisory locks: what each protects, how it is taken, and in which order.

Each application declares its own in ``locks.py``. Whoever takes several locks in one transaction takes them by
rank, the lowest first; so no two transactions wait for each other. A lock is held until the transaction ends.

Row locks have an order too. Each application that locks rows of several tables states it in a ``RowOrder``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import connection

LOCKS: dict[str, AdvisoryLock] = {}
ROW_ORDERS: dict[str, RowOrder] = {}


class Mode(StrEnum):
    """A way to take a lock."""

    EXCLUSIVE = "exclusive"
    SHARED = "shared"
    TRY = "try"


class TakenOutsideTransaction(RuntimeError):
    """A lock is held until its transaction ends; without one it would be gone at once."""


class ModeNotDeclared(RuntimeError):
    """A lock is taken only in the modes that its declaration names."""


@dataclass(frozen=True)
class AdvisoryLock:
    """A lock on an idea rather than on a row.

    ``name``: ``<app>.<what>``. ``key``: PostgreSQL's, a bigint that no other lock has and that never changes, for
    guards in the database hold it too. ``rank``: its place in the lock order. ``protects``: one sentence.
    ``modes``: ``exclusive`` and ``shared`` wait for whoever stands in the way; ``try`` is exclusive and does not wait.
    """

    name: str
    key: int
    rank: int
    protects: str
    modes: frozenset[Mode]

    def __post_init__(self) -> None:
        """Enter the register; raises ValueError where name, key or rank is taken, or no mode is declared."""
        if not self.modes:
            raise ValueError(f"lock {self.name} declares no mode")
        for other in LOCKS.values():
            for what in ("name", "key", "rank"):
                if getattr(self, what) == getattr(other, what):
                    raise ValueError(
                        f"lock {self.name}: {what} {getattr(self, what)} belongs to {other.name}"
                    )
        LOCKS[self.name] = self

    def acquire(self) -> None:
        """Wait until nobody else holds the lock, and hold it alone until the transaction ends."""
        self._take("pg_advisory_xact_lock", Mode.EXCLUSIVE)

    def acquire_shared(self) -> None:
        """Wait until nobody holds the lock alone, and hold it together with others until the transaction ends."""
        self._take("pg_advisory_xact_lock_shared", Mode.SHARED)

    def try_acquire(self) -> bool:
        """Hold the lock alone until the transaction ends, unless somebody else holds it: False, without waiting."""
        return self._take("pg_try_advisory_xact_lock", Mode.TRY) is True

    def acquire_shared_in_guard(self) -> str:
        """The PL/pgSQL statement by which a trigger acquires the lock together with others."""
        self._require_mode(Mode.SHARED)
        return f"PERFORM pg_advisory_xact_lock_shared({self.key});"

    def _take(self, function: str, mode: Mode) -> object:
        self._require_mode(mode)
        if not connection.in_atomic_block:
            raise TakenOutsideTransaction(self.name)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [self.key])
            return cursor.fetchone()[0]

    def _require_mode(self, mode: Mode) -> None:
        if mode not in self.modes:
            raise ModeNotDeclared(f"{self.name} is not declared to be taken {mode}")


@dataclass(frozen=True)
class RowOrder:
    """In which order an application locks rows of its tables: one sentence, for people to follow."""

    app: str
    sentence: str

    def __post_init__(self) -> None:
        """Enter the register; an application states its order once."""
        if self.app in ROW_ORDERS:
            raise ValueError(f"the row order of {self.app} is declared twice")
        ROW_ORDERS[self.app] = self
