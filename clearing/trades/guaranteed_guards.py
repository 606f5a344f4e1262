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
        ELSE num_nonnulls(g.paid_at, g.released_at) > 0 END
    OR num_nonnulls(g.paid_at, g.released_at) > 0 AND EXISTS (
        SELECT FROM public.clearing_putoffcorrection c WHERE c.trade_id = g.trade_id AND c.ended_at IS NULL)
    OR g.paid_at IS NULL AND EXISTS (SELECT FROM public.clearing_obligation o WHERE o.trade_id = g.trade_id)"""
"""Whether guaranteed part ``g`` cannot be as it is while its trade ``t`` is in its state, or has such obligations."""

MOVED_WRONGLY = """
    g.billed_at < g.reserved_at OR g.paid_at < g.billed_at OR g.released_at < coalesce(g.billed_at, g.reserved_at)
    OR g.due_on < (g.billed_at AT TIME ZONE 'Asia/Tokyo')::date
    OR g.due_on > (SELECT greatest(l.expires_at, g.billed_at + interval '1 day') AT TIME ZONE 'Asia/Tokyo'
                     FROM public.clearing_guarantee l WHERE l.id = g.guarantee_id)::date - 1
    OR g.paid_from = 'deposit' AND (g.due_on > (g.paid_at AT TIME ZONE 'Asia/Tokyo')::date OR NOT EXISTS (
        SELECT FROM public.clearing_guarantee l WHERE l.id = g.guarantee_id AND l.kind = 'deposit_limit'))"""
"""Whether part ``g`` was billed, paid or released at a wrong time, or paid from a deposit that does not stand behind it."""


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


def part_moves() -> pgtrigger.Trigger:
    """A part is billed, paid and released by the market's clock, within its terms; a deposit pays only what it backs."""
    return pgtrigger.Trigger(
        name="part_moves",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        declare=[("g", "record")],
        func=sql_body(_SQL / "part_moves.sql", MOVED_WRONGLY=MOVED_WRONGLY),
    )


def cleared_when_paid() -> pgtrigger.Trigger:
    """Nothing of a trade is cleared while a guarantee secures a part of it that nobody has paid."""
    return pgtrigger.Trigger(
        name="cleared_when_paid",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        func=sql_body(_SQL / "cleared_when_paid.sql"),
    )


def put_off_while_billed() -> pgtrigger.Trigger:
    """A correction is put off only while the guaranteed part of its trade is open, and made of it only once."""
    return pgtrigger.Trigger(
        name="put_off_while_billed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "put_off_while_billed.sql"),
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
