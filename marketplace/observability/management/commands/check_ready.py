"""``manage.py check_ready``: readiness as an exit status, for probes of containers."""

from __future__ import annotations

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from marketplace.observability.readiness import CHECKS, verify_heartbeat_of, verify_readiness
from marketplace.observability.states import ProcessKind


class Command(BaseCommand):
    """Prints each check with its state; exits 1 if one fails."""

    help = "Check whether the market is ready, or with --process whether the process of this host is alive."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--exclude CHECK`` leaves a check out; ``--process`` looks for a heartbeat of this host alone."""
        parser.add_argument("--exclude", action="append", default=[], choices=list(CHECKS))
        parser.add_argument("--process", choices=ProcessKind.values)

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, print the results, and exit 1 if something is missing."""
        if options["process"]:
            results = [verify_heartbeat_of(kind=options["process"], host=socket.gethostname())]
        else:
            results = verify_readiness(excluded=options["exclude"])
        for result in results:
            self.stdout.write(f"{result.name}: {result.lacks or 'ok'}")
        if not all(result.is_ready for result in results):
            raise SystemExit(1)
