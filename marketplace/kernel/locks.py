"""The register of advisory locks: what each protects, how it is taken, and in which order.

Each application declares its locks in ``locks.py``. A transaction acquires several locks by rank, the lowest first;
this prevents deadlock. A lock is held until the transaction ends.

Row locks also have an order. Each application that locks rows of several tables declares it in a ``RowOrder``.
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
    EACH = "each"
    EACH_SHARED = "each shared"


class TakenOutsideTransaction(RuntimeError):
    """A lock needs a transaction: without one it would be released at once."""


class ModeNotDeclared(RuntimeError):
    """The lock was requested in a mode that its declaration does not name."""


@dataclass(frozen=True)
class AdvisoryLock:
    """An advisory lock, on a concept instead of a row.

    ``name``: ``<app>.<what>``. ``key``: the bigint key in PostgreSQL, unique and never changed, because database guards
    use it too. ``rank``: its place in the lock order. ``protects``: one sentence. ``modes``: ``exclusive`` and
    ``shared`` wait for conflicting holders; ``try`` is exclusive and does not wait; ``each`` is exclusive for one subject, and
    ``each shared`` waits for those who hold it so.
    """

    name: str
    key: int
    rank: int
    protects: str
    modes: frozenset[Mode]

    def __post_init__(self) -> None:
        """Register the lock; raises ValueError if name, key or rank is taken, or no mode is declared."""
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
        """Wait until no other transaction holds the lock, then hold it exclusively until this transaction ends."""
        self._take("pg_advisory_xact_lock", Mode.EXCLUSIVE)

    def acquire_for(self, subject: str) -> None:
        """Wait until no other transaction holds the lock for ``subject``, then hold it until this transaction ends.

        Each subject has a lock of its own; a transaction takes it for one subject only.
        """
        self._take_for("pg_advisory_xact_lock", Mode.EACH, subject)

    def share_for(self, subject: str) -> None:
        """Wait until no transaction holds the lock for ``subject`` alone, then share it until this transaction ends."""
        self._take_for("pg_advisory_xact_lock_shared", Mode.EACH_SHARED, subject)

    def share_for_in_guard(self, subject: str) -> str:
        """The PL/pgSQL statement by which a trigger shares the lock for what the SQL expression ``subject`` names."""
        self._require_mode(Mode.EACH_SHARED)
        return f"PERFORM pg_advisory_xact_lock_shared({self.key}, hashtext({subject}));"

    def acquire_for_in_guard(self, subject: str) -> str:
        """The PL/pgSQL statement by which a trigger takes the lock for what the SQL expression ``subject`` names."""
        self._require_mode(Mode.EACH)
        return f"PERFORM pg_advisory_xact_lock({self.key}, hashtext({subject}));"

    def acquire_shared(self) -> None:
        """Wait until no transaction holds the lock exclusively, then share it until this transaction ends."""
        self._take("pg_advisory_xact_lock_shared", Mode.SHARED)

    def try_acquire(self, *, only_if: str = "true") -> bool:
        """Hold the lock exclusively until the transaction ends; False, without waiting, if another holds it.

        ``only_if``: an SQL condition of our own words; where it does not hold, the lock is left alone and it is False too.
        """
        return self._take("pg_try_advisory_xact_lock", Mode.TRY, only_if) is True

    def acquire_shared_in_guard(self) -> str:
        """The PL/pgSQL statement by which a trigger acquires the lock in shared mode."""
        self._require_mode(Mode.SHARED)
        return f"PERFORM pg_advisory_xact_lock_shared({self.key});"

    def acquire_in_guard(self) -> str:
        """The PL/pgSQL statement by which a trigger acquires the lock alone."""
        self._require_mode(Mode.EXCLUSIVE)
        return f"PERFORM pg_advisory_xact_lock({self.key});"

    def _take(self, function: str, mode: Mode, only_if: str = "true") -> object:
        self._require_mode(mode)
        self._require_transaction()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT CASE WHEN {only_if} THEN {function}(%s) END", [self.key])
            return cursor.fetchone()[0]

    def _take_for(self, function: str, mode: Mode, subject: str) -> None:
        self._require_mode(mode)
        self._require_transaction()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s::int, hashtext(%s))", [self.key, subject])

    def _require_transaction(self) -> None:
        if not connection.in_atomic_block:
            raise TakenOutsideTransaction(self.name)

    def _require_mode(self, mode: Mode) -> None:
        if mode not in self.modes:
            raise ModeNotDeclared(f"{self.name} is not declared to be taken {mode}")


@dataclass(frozen=True)
class RowOrder:
    """The order in which an application locks rows of its tables, as one sentence for developers."""

    app: str
    sentence: str

    def __post_init__(self) -> None:
        """Enter the register; an application states its order once."""
        if self.app in ROW_ORDERS:
            raise ValueError(f"the row order of {self.app} is declared twice")
        ROW_ORDERS[self.app] = self
