"""``manage.py check_invariants``: verify every invariant of the market over the whole database."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.kernel.errors import Missing
from marketplace.kernel.invariants import PARTIAL_CHECKS, REGISTER, Breaches, verify_all
from marketplace.kernel.upkeep import record_run

COMMAND = "check_invariants"


class Command(BaseCommand):
    """Prints each broken invariant with the rows that break it; exits 1 if any is broken. The result of a whole run is kept
    for the alarms."""

    help = "Verify every registered invariant. Prints each broken one with its rows, and exits 1."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--app`` checks one application, a partial check's option one part; ``--list`` prints the register."""
        parser.add_argument("--app", help="check the invariants of one application only")
        for name, partial_check in PARTIAL_CHECKS.items():
            parser.add_argument(f"--{name}", help=partial_check.help)
        parser.add_argument("--list", action="store_true", help="print the register and check nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, print the result, and exit 1 if an invariant is broken."""
        if options["list"]:
            for invariant in REGISTER.values():
                self.stdout.write(f"{invariant.name}\t{invariant.promise}\t{invariant.statement}")
            return
        results = _verify(options)
        broken = {name: breaches for name, breaches in results.items() if breaches}
        for name, breaches in broken.items():
            self.stderr.write(f"BROKEN {name}: {REGISTER[name].statement}")
            for breach in breaches:
                self.stderr.write("  " + json.dumps(breach, default=str, ensure_ascii=False))
        if _is_whole(options):
            record_run(COMMAND, faults=len(broken))
        if broken:
            raise SystemExit(1)
        self.stdout.write(f"invariants: all {len(results)} hold")


def _is_whole(options: dict[str, Any]) -> bool:
    return not options["app"] and not any(options.get(name) for name in PARTIAL_CHECKS)


def _verify(options: dict[str, Any]) -> Breaches:
    """Verify the parts that the options name, or everything."""
    try:
        parts = [check.verify(options[name]) for name, check in PARTIAL_CHECKS.items() if options.get(name)]
    except Missing as error:
        raise CommandError(str(error)) from error
    if not parts:
        return verify_all(options["app"])
    found: Breaches = {}
    for part in parts:
        for name, breaches in part.items():
            found.setdefault(name, []).extend(breaches)
    return found
