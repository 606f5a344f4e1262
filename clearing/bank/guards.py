"""Database guards that read bank statements."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.rules.parameters import PARAMETERS

from .causes import OF_FILE

GAP_DAYS_MAX = 14
"""The longest time without a bank business day that a statement may pass over; the service knows the calendar."""


CARRIED_OUT = """
    SELECT sum(i.amount_minor) FROM public.clearing_settlementinstruction i
     WHERE i.transfer_file_id = {entry}.transfer_file_id AND i.currency = {entry}.currency AND i.confirmed_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM public.clearing_bankentry own
                        WHERE own.instruction_id = i.id AND own.match = 'settlement')
"""
"""The total of the payments that the debit of a whole file carried out: those that no debit of their own did."""

_SQL = Path(__file__).parent / "sql"


def opened_by_statement() -> pgtrigger.Trigger:
    """Sending is opened by a statement that was imported after the restoration and reaches its day, and that agrees.

    It agrees if the ledger had its closing balance. It reaches the day of the restoration in UTC at least; the service
    also knows the calendar, and wants the day on which the bank carries out what was handed to it before.
    """
    return pgtrigger.Trigger(
        name="opened_by_statement",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "opened_by_statement.sql"),
    )


def continues_last() -> pgtrigger.Trigger:
    """A statement continues the last one of its currency: its number, its day and its opening balance follow.

    The first opens with nothing. The account is registered for the currency, since the first day at the latest.
    """
    return pgtrigger.Trigger(
        name="continues_last",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("newest", "record")],
        func=sql_body(_SQL / "continues_last.sql", GAP_DAYS_MAX=GAP_DAYS_MAX),
    )


def large_receipts_confirmed() -> pgtrigger.Trigger:
    """A statement is confirmed by a second person if it takes the day's unconfirmed receipts to the limit."""
    return pgtrigger.Trigger(
        name="large_receipts_confirmed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("limit_minor", "numeric"), ("unconfirmed_minor", "numeric")],
        func=sql_body(
            _SQL / "large_receipts_confirmed.sql", LIMIT_DEFAULT=PARAMETERS["second_person_minor"].default
        ),
    )


def confirmed_by_another() -> pgtrigger.Trigger:
    """Another person than the uploader confirms a statement that waits or is imported, by its hash and closing balance."""
    return pgtrigger.Trigger(
        name="confirmed_by_another",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "confirmed_by_another.sql"),
    )


def statement_has_entries() -> pgtrigger.Trigger:
    """A statement is committed with its entries, as many as it states, and each of them is posted."""
    return pgtrigger.Trigger(
        name="statement_has_entries",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "statement_has_entries.sql", OF_FILE=OF_FILE),
    )


def entries_add_up() -> pgtrigger.Trigger:
    """One SQL statement inserts all entries of a bank statement: they come to its totals, and fall in its period."""
    return pgtrigger.Trigger(
        name="entries_add_up",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "entries_add_up.sql"),
    )


WRONGLY_DATED = """
    SELECT count(*) = 0 OR count(*) FILTER (WHERE e.value_date IS DISTINCT FROM b.booked_on) > 0
      FROM public.clearing_entry e WHERE e.reference = ANY (array_append(ARRAY(
        SELECT 'bank:' || b.public_id || ':' || i.public_id FROM public.clearing_settlementinstruction i
         WHERE i.transfer_file_id = b.transfer_file_id),
        'bank:' || b.public_id))
"""
"""Whether bank entry ``b`` has no journal entry, or one of another value date; the debit of a whole file has one a payment."""


def entries_value_dated() -> pgtrigger.Trigger:
    """A statement is committed with journal entries whose value dates are the booking dates of its bank entries."""
    return pgtrigger.Trigger(
        name="entries_value_dated",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "entries_value_dated.sql", WRONGLY_DATED=WRONGLY_DATED),
    )


def file_debit_fits() -> pgtrigger.Trigger:
    """When the debit of a whole transfer file is committed, it is the total of the payments that it carried out."""
    return pgtrigger.Trigger(
        name="file_debit_fits",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Q(new__match="transfer_file"),
        func=sql_body(_SQL / "file_debit_fits.sql", CARRIED_OUT=CARRIED_OUT.format(entry="NEW")),
    )


def allocated_by_two() -> pgtrigger.Trigger:
    """An allocation of the limit for one person or more, or to the operator, was asked for by another than who decided it."""
    return pgtrigger.Trigger(
        name="allocated_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("booked", "record"), ("owner", "record"), ("limit_minor", "numeric")],
        func=sql_body(_SQL / "allocated_by_two.sql", LIMIT_DEFAULT=PARAMETERS["second_person_minor"].default),
    )
