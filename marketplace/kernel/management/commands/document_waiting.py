"""``manage.py document_waiting``: every reason for which something waits, as Markdown."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from marketplace.kernel.waiting import REASONS, WaitingReason

HEADING = """# Waiting reasons

Made by `manage.py document_waiting` from the register that the code uses; do not edit by hand.

What holds a trade, a payment, a cycle or a delivery back is in its `waiting` over the API: the code, the text, who must
act and what they have to do, since when and until when. It is null where nothing does. Words in braces are filled in.
"""

COLUMNS = """| code | English | 日本語 | waits for | what to do |
|---|---|---|---|---|"""


class Command(BaseCommand):
    """Prints the document; ``docs/waiting.md`` is a copy that a test keeps current."""

    help = "Print every reason for which something waits, as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the document to standard output."""
        self.stdout.write(document(), ending="")


def document() -> str:
    """The whole document: a table for each subject, its reasons by their codes."""
    subjects: dict[str, list[WaitingReason]] = {}
    for code in sorted(REASONS):
        subjects.setdefault(code.partition(".")[0], []).append(REASONS[code])
    lines = [HEADING]
    for subject, reasons in subjects.items():
        title = subject.replace("_", " ").capitalize()
        lines += [f"## {title}", "", COLUMNS, *map(_row, reasons), ""]
    return "\n".join(lines)


def _row(reason: WaitingReason) -> str:
    action = f"{reason.action} {reason.action.ja}" if reason.action else ""
    label, who = reason.label, reason.waits_for.label
    return f"| `{reason.code}` | {label} | {label.ja} | {who} | {action} |"
