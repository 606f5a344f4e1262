"""The content of a monthly statement, as the template ``clearing/statement`` prints it. Pure.

Invoices are listed gross. A separate section shows the netting of each cycle, from the parts of the net position to the
payment by bank.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from babel.dates import format_date

from marketplace.kernel.clock import market_zone
from marketplace.kernel.labels import Label

from ..ground.parties import Party
from ..invoices.states import InvoiceKind
from ..ledger.states import LineKind
from ..trades.states import PositionPart

LISTED_MAX = 2_000
"""Most movements, and most invoices per direction, that are listed one by one; the totals include all."""

PREPAID = Label("purchases paid from money on hold", "購入代金への充当（確保済みの資金から）")
OTHERWISE = Label("otherwise applied", "その他の充当")
DEFERRED_LINES = ("deferred", "awaited")
"""Posting kinds of deferrals, which the net position contains already."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month, or a part of the running month: from ``first`` to before ``until``."""

    first: date
    until: date
    draft: bool = False

    @property
    def began_at(self) -> datetime:
        """The moment at which the period begins, in the market's zone."""
        return _beginning(self.first)

    @property
    def ended_at(self) -> datetime:
        """The moment at which the period ends."""
        return _beginning(self.until)

    @property
    def title(self) -> Label:
        """``November 2026``, ``2026年11月``."""
        english, japanese = (
            format_date(self.first, pattern, locale=locale)
            for pattern, locale in (("MMMM y", "en_GB"), ("y年M月", "ja_JP"))
        )
        return Label(english, japanese)


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time.min, market_zone())


def month_of(day: date) -> Month:
    """The whole month that a day lies in."""
    first = day.replace(day=1)
    return Month(first, (first + timedelta(days=31)).replace(day=1))


@dataclass(slots=True)
class Parts:
    """The data of one participant for a month, in the form of the document."""

    balances: list[dict[str, Any]] = field(default_factory=list)
    movements: list[dict[str, Any]] = field(default_factory=list)
    issued: list[dict[str, Any]] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    cycles: list[dict[str, Any]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    deferred: list[dict[str, Any]] = field(default_factory=list)


def statement_document(
    *,
    number: str,
    month: Month,
    made_on: date,
    currency: str,
    organisation: Party,
    market: Party,
    parts: Parts,
) -> dict[str, Any]:
    """The JSON snapshot of a statement."""
    return {
        "number": number,
        "draft": month.draft,
        "month": month.title.as_dict(),
        "from_on": month.first.isoformat(),
        "until_on": (month.until - timedelta(days=1)).isoformat(),
        "made_on": made_on.isoformat(),
        "organisation": organisation.as_dict(),
        "market": market.as_dict(),
        "currency": currency,
        "balances": parts.balances,
        "movements": parts.movements,
        "invoices": {"issued": _listed(parts.issued), "received": _listed(parts.received)},
        "cycles": parts.cycles,
        "others": parts.others,
        "deferred": parts.deferred,
    }


def _listed(invoices: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Invoices with their totals per rate. A replacement is listed, but its amounts are not added again."""
    return {
        "count": len(invoices),
        "totals": totals_per_rate(invoices),
        "rows": [
            {name: value for name, value in row.items() if name != "totals"} for row in invoices[:LISTED_MAX]
        ],
        "left_out": max(len(invoices) - LISTED_MAX, 0),
    }


def totals_per_rate(invoices: Iterable[dict[str, Any]]) -> list[dict[str, int]]:
    """Net and tax of invoices by rate, less returns; the highest rate first."""
    sums: dict[int, list[int]] = {}
    for invoice in invoices:
        if invoice["replaces"] is not None:
            continue
        sign = -1 if invoice["kind"] == InvoiceKind.RETURN_INVOICE else 1
        for total in invoice["totals"]:
            found = sums.setdefault(total["tax_rate_bp"], [0, 0])
            found[0] += sign * total["net_minor"]
            found[1] += sign * total["tax_minor"]
    return [
        {"tax_rate_bp": rate, "net_minor": net, "tax_minor": tax, "total_minor": net + tax}
        for rate, (net, tax) in sorted(sums.items(), reverse=True)
    ]


def set_off(
    *, parts: dict[str, int], ladder: dict[str, int], paid_minor: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The parts of a net position and its settlement, as lists of label and amount other than zero.

    ``ladder`` has the lines of the cycle's entry besides the gross lines, signed as they add to the payment.
    """
    prepaid = -parts["purchases_minor"] - parts["purchase_tax_minor"]
    steps: list[tuple[Any, int]] = [(PREPAID, prepaid)]
    deferred = DEFERRED_LINES if parts["deferred_minor"] else ()
    steps += [(LineKind(line).label, amount) for line, amount in ladder.items() if line not in deferred]
    remainder = paid_minor - sum(parts.values()) - sum(amount for _, amount in steps)
    steps.append((OTHERWISE, remainder))
    return (
        [
            {"label": words(PositionPart, name), "amount_minor": amount}
            for name, amount in parts.items()
            if amount
        ],
        [{"label": label.as_dict(), "amount_minor": amount} for label, amount in steps if amount],
    )


def words(choices: Any, value: str) -> dict[str, str]:
    """A coded value in both languages."""
    found: dict[str, str] = choices(value).label.as_dict()
    return found
