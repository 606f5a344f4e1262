"""Database guards of the ledger: balances, complete entries, claims within the reserve, closed months."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list

from .chart import LIMITED_KINDS
from .locks import PERIOD_LOCK

_SQL = Path(__file__).parent / "sql"


def balances_open() -> pgtrigger.Trigger:
    """Every account that may not be overdrawn gets its Balance, at zero, in the statement that makes it."""
    return pgtrigger.Trigger(
        name="balances_open",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        func=sql_body(_SQL / "balances_open.sql", LIMITED_KINDS=sql_list(LIMITED_KINDS)),
    )


def moved_by_postings() -> pgtrigger.Trigger:
    """A balance is made and moved from within the ledger's own triggers only, never by a statement of its own."""
    return pgtrigger.Trigger(
        name="moved_by_postings",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(_SQL / "moved_by_postings.sql"),
    )


def entry_complete() -> pgtrigger.Trigger:
    """An entry comes with its postings, in one statement: it is complete when it is made."""
    return pgtrigger.Trigger(
        name="entry_complete",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "entry_complete.sql"),
    )


def entries_balance() -> pgtrigger.Trigger:
    """Checks what a statement adds to the ledger as one set, then moves the balances that it touches.

    Postings sum to zero per entry and currency, belong to an entry of this transaction, and are in the currency of
    their account. Balances are locked in the order of their accounts, which prevents deadlock; a balance that would
    leave its side breaks the check ``balance_within_funds`` and with it the whole statement. What a row names is
    looked up by key, one by one: joined as sets, the planner would read the whole history for it.
    """
    return pgtrigger.Trigger(
        name="entries_balance",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record"), ("touched", "record")],
        func=sql_body(_SQL / "entries_balance.sql"),
    )


def claims_within_reserve() -> pgtrigger.Trigger:
    """The reserve lends what it has: all claims of a currency together never exceed it.

    Checked when a claim grows or the reserve shrinks; its balance is locked first, so that two who borrow at once
    are counted one after the other. Whoever does either holds ``MOVER_LOCK``.
    """
    return pgtrigger.Trigger(
        name="claims_within_reserve",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
        declare=[("grown", "record"), ("reserve", "bigint"), ("lent", "bigint")],
        func=sql_body(_SQL / "claims_within_reserve.sql"),
    )


def months_in_order() -> pgtrigger.Trigger:
    """Months close in order."""
    return pgtrigger.Trigger(
        name="months_in_order",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "months_in_order.sql"),
    )


def period_open() -> pgtrigger.Trigger:
    """An entry is booked on a day whose month is open, and no month is closed while it is being booked."""
    return pgtrigger.Trigger(
        name="period_open",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("earliest", "date"), ("closed", "date")],
        func=sql_body(_SQL / "period_open.sql", SHARE_PERIOD_LOCK=PERIOD_LOCK.acquire_shared_in_guard()),
    )
