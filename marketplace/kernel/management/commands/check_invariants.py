"""``manage.py check_invariants``: verify every invariant of the market over the whole database."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.kernel.errors import Missing
from marketplace.kernel.invariants import REGISTER, SCOPES, Breaches, verify_all


class Command(BaseCommand):
    """Prints each broken invariant with the rows that break it; exits 1 if there is one."""

    help = "Verify every registered invariant; exit 1 naming each that is broken and the rows that break it."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--app`` checks one application, a scope's option one part of it; ``--list`` prints the register instead."""
        parser.add_argument("--app", help="check the invariants of one application only")
        for name, scope in SCOPES.items():
            parser.add_argument(f"--{name}", help=scope.help)
        parser.add_argument("--list", action="store_true", help="print the register and check nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, print, and exit by the result."""
        if options["list"]:
            for invariant in REGISTER.values():
                self.stdout.write(f"{invariant.name}\t{invariant.promise}\t{invariant.statement}")
            return
        results = _verified(options)
        broken = {name: breaches for name, breaches in results.items() if breaches}
        for name, breaches in broken.items():
            self.stderr.write(f"BROKEN {name}: {REGISTER[name].statement}")
            for breach in breaches:
                self.stderr.write("  " + json.dumps(breach, default=str, ensure_ascii=False))
        if broken:
            raise SystemExit(1)
        self.stdout.write(f"invariants: all {len(results)} hold")


def _verified(options: dict[str, Any]) -> Breaches:
    """What was asked for: the parts that are named, or everything."""
    try:
        parts = [scope.verify(options[name]) for name, scope in SCOPES.items() if options.get(name)]
    except Missing as error:
        raise CommandError(str(error)) from error
    if not parts:
        return verify_all(options["app"])
    found: Breaches = {}
    for part in parts:
        for name, breaches in part.items():
            found.setdefault(name, []).extend(breaches)
    return found
