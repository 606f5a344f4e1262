"""``manage.py document_locks``: every advisory lock in lock order and the order of row locks, as Markdown."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from marketplace.kernel.locks import LOCKS, ROW_ORDERS, AdvisoryLock, Mode

HEADING = """# Locks

Made by `manage.py document_locks` from the register that the code and the database guards use; do not edit by hand.

## Advisory locks

Every lock is held until its transaction ends. A transaction that takes several takes them by rank, the lowest first;
this prevents deadlock. `exclusive` and `shared` wait for conflicting holders. `try` does not wait: a transaction
that does not get the lock leaves the work to its holder. `each` is exclusive for one subject, which is part of the key;
`each shared` waits for who holds it so.

| rank | name | key | protects | taken |
|---|---|---|---|---|"""

ROWS = """
## Row locks

Rows of one table are locked in key order. Across tables:
"""


class Command(BaseCommand):
    """Prints the document; ``docs/locks.md`` is a copy that a test keeps current."""

    help = "Print every lock of the market, in the order in which they are taken, as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the document to standard output."""
        self.stdout.write(document(), ending="")


def document() -> str:
    """The whole document: advisory locks by rank, then the row order of each application by its name."""
    locks = sorted(LOCKS.values(), key=lambda lock: lock.rank)
    orders = [f"- {app}: {ROW_ORDERS[app].sentence}" for app in sorted(ROW_ORDERS)]
    return "\n".join([HEADING, *map(_row, locks), ROWS, *orders, ""])


def _row(lock: AdvisoryLock) -> str:
    modes = ", ".join(mode for mode in Mode if mode in lock.modes)
    return f"| {lock.rank} | `{lock.name}` | {lock.key} | {lock.protects} | {modes} |"
