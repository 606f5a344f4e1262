"""Reads restorations: their number, whether the last one is counted, and the currencies in which sending is shut."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import F, Max, QuerySet

from .errors import RestorationUncounted, SendingIsShut
from .models import ClientAccount, CountedTimeline, Restoration, SendingOpening


class ServerTimeline(NamedTuple):
    """PostgreSQL's system identifier, and the timeline that its log is on."""

    server: str
    timeline: int


class ShutBy(NamedTuple):
    """Why no payment in a currency is sent: a restoration; None if it is not counted."""

    restoration: Restoration | None

    @property
    def since(self) -> datetime | None:
        """When the restoration was counted."""
        return self.restoration.happened_at if self.restoration else None


def newest_restoration() -> Restoration | None:
    """The newest restoration of the database; None if it was never restored."""
    return Restoration.objects.order_by("-number").first()


def server_timeline() -> ServerTimeline:
    """The server's own; `public.server_timeline()`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT server, timeline FROM public.server_timeline()")
        return ServerTimeline(*cursor.fetchone())


def is_restoration_counted() -> bool:
    """Whether the server is on the timeline that was counted last; `public.restoration_is_counted()`, as the guards ask."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.restoration_is_counted()")
        return bool(cursor.fetchone()[0])


def require_counted_restoration() -> None:
    """Raises RestorationUncounted while the last restoration is not counted."""
    if not is_restoration_counted():
        raise RestorationUncounted


def restoration_number() -> int:
    """How often the database was restored; raises RestorationUncounted, because a number would be used twice."""
    require_counted_restoration()
    return _newest_number()


def _newest_number() -> int:
    newest = newest_restoration()
    return newest.number if newest else 0


def next_restoration_number() -> int:
    """The number of a restoration that is recorded now; no earlier one on this server ever had it.

    A restoration to a moment before an earlier one has lost that one's row. The server's timeline is not lost: each
    recovery from the archive begins the next one. On another server than any that was counted timelines may begin anew.
    """
    here = server_timeline()
    passed = CountedTimeline.objects.filter(server=here.server).aggregate(
        number=Max(F("restoration") + here.timeline - F("timeline"))
    )["number"]
    return max(_newest_number() + 1, here.timeline - 1 if passed is None else passed)


def restoration_that_shuts(currency: str) -> ShutBy | None:
    """The restoration for which payments in ``currency`` are not sent; None if they are sent."""
    return shut_currencies([currency]).get(currency)


def require_sending_open(currency: str) -> None:
    """Raises SendingIsShut after a restoration, RestorationUncounted before it is counted.

    For what sends a planned payment, or gives its money to somebody else: the market may have sent it already.
    """
    shut_by = restoration_that_shuts(currency)
    if shut_by is None:
        return
    if shut_by.restoration is None:
        raise RestorationUncounted
    raise SendingIsShut(currency=currency, restoration=shut_by.restoration.public_id)


def shut_currencies(currencies: list[str]) -> dict[str, ShutBy]:
    """Those of ``currencies`` in which nothing is sent, with the restoration for which."""
    if not is_restoration_counted():
        return dict.fromkeys(currencies, ShutBy(None))
    newest = newest_restoration()
    if newest is None:
        return {}
    opened = set(SendingOpening.objects.filter(restoration=newest).values_list("currency", flat=True))
    return {currency: ShutBy(newest) for currency in currencies if currency not in opened}


def paying_currencies() -> list[str]:
    """Currencies that have a client account, sorted."""
    rows: QuerySet[ClientAccount] = ClientAccount.objects.order_by("currency")
    return list(rows.values_list("currency", flat=True).distinct())
