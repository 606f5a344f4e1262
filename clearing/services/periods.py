"""Closing the books of a month."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import digest_of

from ..errors import PeriodClosed, PeriodNotOver
from ..models import Account, Entry, LedgerPeriod
from ..models.period_guards import PERIOD_LOCK
from ..queries.ledger import trial_balance


@transaction.atomic
def close_ledger_period(*, actor: Actor, month: date) -> LedgerPeriod:
    """Close the books of the month that ``month`` lies in; closing it again returns what stands.

    Months before it close with it: nothing is booked on their days any more. The trial balance of every currency as
    of its last day is kept with it. Waits for bookings under way. Raises PeriodNotOver, PeriodClosed where a later
    month is closed, Forbidden.
    """
    actor.require_operator()
    first = month.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if clock.today() <= last:
        raise PeriodNotOver(month=f"{first:%Y-%m}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PERIOD_LOCK])
    standing = LedgerPeriod.objects.filter(month__gte=first).order_by("-month").first()
    if standing is not None:
        if standing.month == first:
            return standing
        raise PeriodClosed(month=f"{first:%Y-%m}", closed=f"{standing.month:%Y-%m}")
    balances = _trial_balances(last)
    period = LedgerPeriod.objects.create(
        month=first,
        entries=Entry.objects.filter(business_date__range=(first, last)).count(),
        trial_balances=balances,
        sha256=digest_of(balances),
        closed_by=actor.identifier,
        closed_at=clock.now(),
    )
    record(
        kind="clearing.period_closed",
        subject=period.public_id,
        actor=actor,
        payload={"month": f"{first:%Y-%m}", "entries": period.entries, "sha256": period.sha256},
    )
    return period


def _trial_balances(last: date) -> dict[str, list[dict[str, Any]]]:
    currencies = Account.objects.order_by("currency").values_list("currency", flat=True).distinct()
    return {
        currency: [row | {"label": row["label"].as_dict()} for row in trial_balance(currency, until=last)]
        for currency in currencies
    }
