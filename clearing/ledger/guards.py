"""Database guards of the ledger: balances, complete entries, claims within the reserve, closed months."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list

from .chart import LIMITED_KINDS
from .locks import PERIOD_LOCK

_SQL = Path(__file__).parent / "sql"


def balances_open() -> pgtrigger.Trigger:
    """The statement that inserts an account also inserts its Balance, at zero; its side says whether it is limited."""
    return pgtrigger.Trigger(
        name="balances_open",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        func=sql_body(_SQL / "balances_open.sql", LIMITED_KINDS=sql_list(LIMITED_KINDS)),
    )


def moved_by_postings() -> pgtrigger.Trigger:
    """Only the ledger's triggers insert and move balances; no other statement may."""
    return pgtrigger.Trigger(
        name="moved_by_postings",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(_SQL / "moved_by_postings.sql"),
    )


def entry_complete() -> pgtrigger.Trigger:
    """One statement inserts an entry and its postings; the organisation that it names exists."""
    return pgtrigger.Trigger(
        name="entry_complete",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "entry_complete.sql"),
    )


def entry_booked_now() -> pgtrigger.Trigger:
    """An entry is booked at the present business time, on its day, and recorded at the present real time.

    The day may be that of any time zone, because the market's is a setting. The entries of a cycle are booked at one
    moment (``cycles.guards.entry_names_cycle``).
    """
    return pgtrigger.Trigger(
        name="entry_booked_now",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("named", "record"), ("fault", "record")],
        func=sql_body(_SQL / "entry_booked_now.sql"),
    )


def entries_balance() -> pgtrigger.Trigger:
    """Checks all postings of a statement as one set, then moves the balances of their accounts.

    Postings sum to zero per entry and currency, are all postings of an entry of this transaction, and are in the
    currency of their account. Balances are locked in the order of their accounts, which prevents deadlock; a balance that would
    leave its side violates ``balance_within_funds``, which aborts the statement. Rows are looked up by key, one by one or
    by an array of keys: with joined sets the planner would read the whole history. Postings in one currency, as nearly
    all statements have, are compared with their accounts as one set.
    """
    return pgtrigger.Trigger(
        name="entries_balance",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record"), ("moved", "record"), ("touched", "record")],
        func=sql_body(_SQL / "entries_balance.sql"),
    )


def claims_within_reserve() -> pgtrigger.Trigger:
    """All claims of a currency together never exceed the reserve.

    Checked when a claim grows or the reserve shrinks, and when another balance on the debit side grows. What has grown is
    summed, not joined: a plan that was made for one row would join thousands one with the other. The balance of the
    reserve is locked first, so that concurrent loans are counted one after the other. The transaction holds
    ``MOVER_LOCK``.
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
    """An entry is posted on a day of an open month; no month closes while an entry is being posted."""
    return pgtrigger.Trigger(
        name="period_open",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("earliest", "date"), ("closed", "date")],
        func=sql_body(_SQL / "period_open.sql", SHARE_PERIOD_LOCK=PERIOD_LOCK.acquire_shared_in_guard()),
    )


def period_balanced() -> pgtrigger.Trigger:
    """A month closes with the clearing control account at zero: no cycle is half posted into it."""
    return pgtrigger.Trigger(
        name="period_balanced",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "period_balanced.sql"),
    )
