"""Guards of closed accounting periods."""

from __future__ import annotations

import pgtrigger

PERIOD_LOCK = 5_301_013
"""Shared by whoever books, alone by whoever closes a period: a close waits for bookings under way, and they for it."""


def months_in_order() -> pgtrigger.Trigger:
    """A month is closed after all months before it: whatever is older than a closed month is closed."""
    return pgtrigger.Trigger(
        name="months_in_order",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF EXISTS (SELECT FROM clearing_ledgerperiod WHERE month >= NEW.month) THEN
                RAISE EXCEPTION 'the month % is closed already, or a later one is', NEW.month
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
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
        func=f"""
            PERFORM pg_advisory_xact_lock_shared({PERIOD_LOCK});
            SELECT min(business_date) INTO earliest FROM new_rows;
            SELECT max(month) INTO closed FROM clearing_ledgerperiod;
            IF closed IS NOT NULL AND earliest < closed + interval '1 month' THEN
                RAISE EXCEPTION 'the books of % are closed: nothing is booked on %', closed, earliest
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,  # noqa: S608  the key is our own number
    )
