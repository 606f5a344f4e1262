"""Reads of legal holds: whose what is held is."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection


def parties_of(subject: str) -> list[str]:
    """The organisations (public identifiers, sorted) whose a row is that a hold names; of none for a hold on everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT party FROM public.held_parties(%s)", [subject])
        return sorted(party for (party,) in cursor.fetchall())


def held_with(since: datetime, until: datetime) -> timedelta:
    """How long the standing holds of periods are together with this period; a moment of several counts once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(upper(p) - lower(p)) FROM unnest((SELECT range_agg(tstzrange(h.since, h.until)) FROM ("
            " SELECT since, until FROM oversight_legalhold WHERE subject = '' AND lifted_at IS NULL"
            " UNION ALL SELECT %s, %s) h)) p",
            [since, until],
        )
        total: timedelta = cursor.fetchone()[0]
        return total
