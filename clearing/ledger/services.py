"""Draws up the books of a month, and requires a funds regime."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.permissions import Permission

from .errors import FundsRegimeMissing, PeriodClosed, PeriodNotOver, PeriodUnbalanced
from .locks import PERIOD_LOCK
from .models import Account, Entry, FundsRegime, LedgerPeriod
from .queries import regime_in_force, trial_balance
from .states import AccountKind


def require_funds_regime(currency: str) -> FundsRegime:
    """The regime in force for ``currency``. Raises FundsRegimeMissing: no money is accepted without a regime."""
    regime = regime_in_force(currency)
    if regime is None:
        raise FundsRegimeMissing(currency=currency)
    return regime


def drafted_period(*, actor: Actor, month: date) -> LedgerPeriod:
    """The books of the month of ``month``, not yet saved; the existing row if the month is closed.

    Months close in order: earlier months close with it. It has the trial balance of every currency as of its last day; who
    closes it, ``statements.closing`` adds. Nothing is posted until the transaction ends, which waits for transactions that
    are posting entries. Raises PeriodNotOver, PeriodClosed if a later month is closed, PeriodUnbalanced while a cycle is being
    posted into it, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    first = month.replace(day=1)
    last = month.replace(day=monthrange(month.year, month.month)[1])
    if clock.today() <= last:
        raise PeriodNotOver(month=f"{first:%Y-%m}")
    PERIOD_LOCK.acquire()
    latest = LedgerPeriod.objects.filter(month__gte=first).order_by("-month").first()
    if latest is not None:
        if latest.month == first:
            return latest
        raise PeriodClosed(month=f"{first:%Y-%m}", closed=f"{latest.month:%Y-%m}")
    balances = _trial_balances(last)
    _require_control_at_zero(balances, first)
    return LedgerPeriod(
        month=first,
        entries=Entry.objects.filter(business_date__range=(first, last)).count(),
        trial_balances=balances,
        sha256=digest_of(balances),
    )


def _trial_balances(last: date) -> dict[str, list[dict[str, Any]]]:
    currencies = Account.objects.order_by("currency").values_list("currency", flat=True).distinct()
    return {
        currency: [row | {"label": row["label"].as_dict()} for row in trial_balance(currency, until=last)]
        for currency in currencies
    }


def _require_control_at_zero(balances: dict[str, list[dict[str, Any]]], month: date) -> None:
    """Raise PeriodUnbalanced if the clearing control account of a currency is not zero at the end of the month."""
    for currency, rows in balances.items():
        if any(row["kind"] == AccountKind.SETTLEMENT and row["balance_minor"] for row in rows):
            raise PeriodUnbalanced(month=f"{month:%Y-%m}", currency=currency)
