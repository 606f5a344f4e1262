"""Reads the supplies that documents list: obligations with what a document says of their trades.

Each read is of a bounded number of obligations behind a key, by an index, and of their trades by key: two queries for any
number of supplies. Neither grows with the cycle or with history.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import QuerySet

from ..cycles.models import Cycle
from ..trades.models import Obligation, Trade
from ..trades.obligation_kinds import AGGREGATED_DOCUMENTS, Document
from .documents_due import invoiced_obligations


class SuppliedTrade(NamedTuple):
    """What a document says of a trade; the fields are the columns."""

    id: int
    public_id: str
    business_key: str
    agreement: str
    reference: str
    buyer_id: int
    seller_id: int
    accepted_at: datetime | None
    supplied_on: date | None
    tax_category: str
    supply_class: str | None
    captured_withholding_minor: int | None
    fee_class: str
    fee_supplied_on: date | None


class Supply(NamedTuple):
    """An obligation that a document lists, with its trade."""

    id: int
    kind: str
    debtor_id: int
    creditor_id: int
    amount_minor: int
    tax_minor: int
    tax_rate_bp: int
    made_at: datetime
    reverses_id: int | None
    trade: SuppliedTrade


_OBLIGATION = Supply._fields[:-1]


def next_sales(cycle: Cycle, behind: int, limit: int) -> list[Supply]:
    """The next ``limit`` sales of a cycle behind a trade, in the order of trades: each has one."""
    sales = invoiced_obligations(cycle, Document.PURCHASE).filter(trade_id__gt=behind)
    return _with_trades(sales.order_by("trade_id")[:limit])


def next_corrections(cycle: Cycle, behind: int, limit: int) -> list[Supply]:
    """The next ``limit`` corrections of a cycle behind a correction, in the order of their keys."""
    corrections = invoiced_obligations(cycle, Document.CORRECTION).filter(pk__gt=behind)
    return _with_trades(corrections.order_by("pk")[:limit])


def next_recipients(
    cycle: Cycle, document: Document, behind: int, *, limit: int, lines_max: int
) -> tuple[list[int], bool]:
    """The next ``limit`` participants behind one that an aggregated document is for, and whether they are the last.

    They have ``lines_max`` lines together at most, or it is one participant.
    """
    party = AGGREGATED_DOCUMENTS[document]
    following = invoiced_obligations(cycle, document).filter(**{f"{party}__gt": behind})
    keys = list(following.order_by(party).values_list(party, flat=True)[: lines_max + 1])
    recipients = list(dict.fromkeys(keys))
    all_seen = len(keys) <= lines_max
    if not all_seen and len(recipients) > 1:
        # The read may have ended among the lines of its last participant.
        recipients = recipients[:-1]
    chosen = recipients[:limit]
    return chosen, all_seen and len(chosen) == len(recipients)


def supplies_of(cycle: Cycle, document: Document, recipients: Iterable[int]) -> list[Supply]:
    """All supplies on the aggregated documents of ``recipients``, by recipient, and then by the trades' business keys."""
    party = AGGREGATED_DOCUMENTS[document]
    listed = invoiced_obligations(cycle, document).filter(**{f"{party}__in": list(recipients)})
    return sorted(
        _with_trades(listed),
        key=lambda supply: (getattr(supply, party), supply.trade.business_key.encode(), supply.id),
    )


def _with_trades(obligations: QuerySet[Obligation]) -> list[Supply]:
    rows = list(obligations.values_list(*_OBLIGATION, "trade_id"))
    found = Trade.objects.filter(pk__in={row[-1] for row in rows})
    trades = {trade[0]: SuppliedTrade(*trade) for trade in found.values_list(*SuppliedTrade._fields)}
    return [Supply._make((*row[:-1], trades[row[-1]])) for row in rows]
