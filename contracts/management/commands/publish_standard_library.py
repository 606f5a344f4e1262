"""Publish the clauses and templates that come with the market."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from contracts.library.services import publish_standard_library


class Command(BaseCommand):
    """Publishes what is new or changed; safe to repeat. Codes that the operator published itself are left to it."""

    help = "Publish the clauses and contract templates that come with the market, so far as they are new or changed."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Prints each template with its version."""
        for template in publish_standard_library():
            self.stdout.write(f"{template.code} version {template.version}: {len(template.clauses)} articles")
