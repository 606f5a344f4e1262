"""Database guards of events that are written by hand."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.kernel.horizon import NEWEST_TRANSACTION

SQL = Path(__file__).parent / "sql"
RELAY_BATCH = 2_000
"""Events that the relay copies at once."""
ENTRIES_OF_EVENT_MAX = 100
"""Far more inbox entries than any event has."""


def event_exists() -> pgtrigger.Trigger:
    """Every new inbox entry belongs to an event of the outbox, in place of a foreign key, which no archive could leave."""
    return pgtrigger.Trigger(
        name="event_exists",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="entered"),
        func=sql_body(SQL / "event_exists.sql"),
    )


def abandonment_of_parked() -> pgtrigger.Trigger:
    """What is put on record as abandoned is a parked inbox entry, with its event, handler and subject."""
    return pgtrigger.Trigger(
        name="abandonment_of_parked",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(SQL / "abandonment_of_parked.sql"),
    )


def abandoned_on_record() -> pgtrigger.Trigger:
    """An inbox entry becomes abandoned only with its record."""
    return pgtrigger.Trigger(
        name="abandoned_on_record",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Q(new__state="abandoned") & ~pgtrigger.Q(old__state="abandoned"),
        func=sql_body(SQL / "abandoned_on_record.sql"),
    )


def counted_in_batches() -> pgtrigger.Trigger:
    """What the relay has copied so far grows by a batch at most, so that the counts have no end that it could reach."""
    entries_max = RELAY_BATCH * ENTRIES_OF_EVENT_MAX
    return pgtrigger.Trigger(
        name="counted_in_batches",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(
            f"NEW.events - OLD.events NOT BETWEEN 0 AND {RELAY_BATCH}"
            f" OR NEW.entries - OLD.entries NOT BETWEEN 0 AND {entries_max}"
        ),
        func="RAISE EXCEPTION 'the relay copies % events at once at most', "
        f"{RELAY_BATCH} USING ERRCODE = 'check_violation';",
    )


def position_reached() -> pgtrigger.Trigger:
    """A position is of a transaction that this server has begun, so new events lie after it."""
    return pgtrigger.Trigger(
        name="position_reached",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=sql_body(SQL / "position_reached.sql", NEWEST_TRANSACTION=NEWEST_TRANSACTION),
    )
