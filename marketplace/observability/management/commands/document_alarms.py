"""``manage.py document_alarms``: write Prometheus' alert rules from the register of alarms."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from marketplace.observability.rules import alert_rules


class Command(BaseCommand):
    """Prints the rules file; redirect it to ``deploy/monitoring/alerts.yml``."""

    help = "Print Prometheus' alert rules, made from the register of alarms."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the rules."""
        self.stdout.write(alert_rules(), ending="")
