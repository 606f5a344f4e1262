"""``manage.py document_states``: the tables of every state machine, as Markdown."""

from __future__ import annotations

from typing import Any, cast

from django.core.management.base import BaseCommand

from marketplace.kernel.labels import Label
from marketplace.kernel.states import MACHINES, StateMachine

HEADING = """# Lifecycles

Made by `manage.py document_states` from the tables that the code and the database guards use; do not edit by hand.
"""


class Command(BaseCommand):
    """Prints the document; ``docs/states.md`` is a copy that a test keeps current."""

    help = (
        "Print every lifecycle of the market: its states in both languages and its transitions, as Markdown."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the document to standard output."""
        self.stdout.write(document(), ending="")


def document() -> str:
    """The whole document, machines in the order of their names."""
    return "\n".join([HEADING, *(_section(MACHINES[name]) for name in sorted(MACHINES))])


def _section(machine: StateMachine) -> str:
    terminal, initial = set(machine.terminal()), set(map(str, machine.initial))
    lines = [f"## {machine.name}", "", "| state | English | 日本語 | |", "|---|---|---|---|"]
    for state in machine.states:
        notes = [word for word, holds in (("begins", state in initial), ("ends", state in terminal)) if holds]
        label = cast(Label, state.label)
        lines.append(f"| `{state.value}` | {label.en} | {label.ja} | {', '.join(notes)} |")
    lines += ["", "| from | command | by | to |", "|---|---|---|---|"]
    lines += [
        f"| `{source}` | {command} | {role} | `{target}` |"
        for (source, command, role), target in machine.table.items()
    ]
    return "\n".join([*lines, ""])
