"""Reads of legal holds: whose what is held is."""

from __future__ import annotations

from django.db import connection


def parties_of(subject: str) -> list[str]:
    """The organisations (public identifiers, sorted) whose a row is that a hold names; of none for a hold on everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT party FROM public.held_parties(%s)", [subject])
        return sorted(party for (party,) in cursor.fetchall())
