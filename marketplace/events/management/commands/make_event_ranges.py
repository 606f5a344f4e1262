"""``manage.py make_event_ranges``: make the tables of future events ahead, as the owner role."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from marketplace.events.partitions import RANGES_AHEAD, make_ranges


class Command(BaseCommand):
    """Safe to run at any time and again; setting up runs it, and so should a timer of the operator's, once a day."""

    help = f"Make the missing tables of events, up to {RANGES_AHEAD} ranges beyond the last event."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the ranges and print which."""
        made = make_ranges()
        first = f", from event {made[0].first} on" if made else ""
        self.stdout.write(f"event ranges: {len(made)} made{first}")
