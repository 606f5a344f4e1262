"""The server that a test's market was set up on."""

from __future__ import annotations

from django.db import connection

from tests.roles import unguarded


def count_this_server() -> None:
    """A copy by dump is another server, which shuts payments; a test takes it for the one that the market began on."""
    with unguarded("clearing_countedtimeline"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clearing_countedtimeline SET (server, timeline) ="
            " (SELECT s.server, s.timeline FROM public.server_timeline() s)"
        )
