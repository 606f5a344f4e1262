"""``manage.py document_obligation_kinds``: the table of the kinds of obligation, as Markdown."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ...trades.obligation_kinds import KINDS, KindRow, Returned

HEADINGS = ("kind", "from", "to", "tax", "invoice", "paid for beforehand", "place in a shortfall")


class Command(BaseCommand):
    """Prints the table. ``docs/clearing.md`` holds a copy; a test checks that it is current."""

    help = (
        "Print the kinds of obligation as a Markdown table: who owes whom, taxed, invoiced and deferred how."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the table to standard output."""
        self.stdout.write(kinds_table(), ending="")


def kinds_table() -> str:
    """The table, a row for each kind."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *map(_cells, KINDS.values())]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cells(row: KindRow) -> tuple[str, ...]:
    return (
        f"`{row.kind.value}`",
        row.debtor.role.value,
        row.creditor.role.value,
        row.taxed.value,
        _invoice(row),
        "yes" if row.secured else "no",
        "never deferred" if row.shortfall_rank is None else str(row.shortfall_rank + 1),
    )


def _invoice(row: KindRow) -> str:
    """``correction, one each; a return invoice if the seller owes``; ``none``."""
    if row.document is None:
        return "none"
    each = "one a participant and cycle" if row.aggregated else "one each"
    returned = {
        Returned.NEVER: "",
        Returned.ALWAYS: "; a return invoice",
        Returned.IF_SELLER_OWES: "; a return invoice if the seller owes",
    }[row.returned]
    return f"`{row.document.value}`, {each}{returned}"
