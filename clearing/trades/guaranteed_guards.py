"""Database guards of the parts of trades that guarantees secure."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list

from ..guarantees.guards import DEPOSIT_OF, LIMITS_USED
from .states import CASH_ONLY

_SQL = Path(__file__).parent / "sql"

OPEN_PART = """(
    SELECT coalesce(sum(g.amount_minor), 0) FROM public.clearing_guaranteedpart g
     WHERE g.trade_id = {trade} AND g.paid_at IS NULL)"""
"""The part of a trade that is not on hold, because a guarantee secures it, or secured it until it was released."""

UNFIT = """
    CASE t.state
        WHEN 'concluded' THEN true
        WHEN 'failed' THEN true
        WHEN 'accepted' THEN g.paid_at IS NULL
        WHEN 'refunded' THEN g.paid_at IS NULL AND g.released_at IS NULL
        ELSE g.released_at IS NOT NULL END"""
"""Whether guaranteed part ``g`` cannot be as it is while its trade ``t`` is in its state."""


def part_within_guarantee() -> pgtrigger.Trigger:
    """A part is of a waiting trade, under a guarantee of its buyer that is valid until it can last fall due and has room.

    The buyer's guarantees are locked, in key order, so that two parts cannot use the same room.
    """
    return pgtrigger.Trigger(
        name="part_within_guarantee",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("held", "record"), ("named", "record")],
        func=sql_body(
            _SQL / "part_within_guarantee.sql",
            CASH_ONLY=sql_list(CASH_ONLY),
            DEPOSIT=DEPOSIT_OF.format(organisation="held.organisation_id", currency="held.currency"),
            USED=LIMITS_USED.format(organisation="held.organisation_id", currency="held.currency"),
        ),
    )


def part_counted() -> pgtrigger.Trigger:
    """The guarantee counts a part as used from its insertion until it is paid or released."""
    return pgtrigger.Trigger(
        name="part_counted",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(_SQL / "part_counted.sql"),
    )


def part_follows_trade() -> pgtrigger.Trigger:
    """At the end of a transaction a part and its trade agree: what is on hold for it, and what has become of both."""
    return pgtrigger.Trigger(
        name="part_follows_trade",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func=sql_body(
            _SQL / "money_on_hold.sql",
            TRADE="NEW.trade_id",
            OPEN_PART=OPEN_PART.format(trade="t.id"),
            UNFIT=UNFIT,
        ),
    )
