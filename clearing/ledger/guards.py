"""Database guards of the ledger: balances, complete entries, claims within the reserve, closed months."""

from __future__ import annotations

import pgtrigger

from .chart import LIMITED_KINDS
from .locks import PERIOD_LOCK

_NEW = pgtrigger.Referencing(new="new_rows")


def balances_open() -> pgtrigger.Trigger:
    """Every account that may not be overdrawn gets its Balance, at zero, in the statement that makes it."""
    kinds = ", ".join(f"'{kind.value}'" for kind in LIMITED_KINDS)
    return pgtrigger.Trigger(
        name="balances_open",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=_NEW,
        func=f"""
            INSERT INTO clearing_balance (account_id, side, balance_minor)
            SELECT id, side, 0 FROM new_rows WHERE kind IN ({kinds});
            RETURN NULL;
        """,  # noqa: S608  the kinds are our own words
    )


def moved_by_postings() -> pgtrigger.Trigger:
    """A balance is made and moved from within the ledger's own triggers only, never by a statement of its own."""
    return pgtrigger.Trigger(
        name="moved_by_postings",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
            IF pg_trigger_depth() < 2 THEN
                RAISE EXCEPTION 'balances are moved by postings only' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )


def entry_complete() -> pgtrigger.Trigger:
    """An entry comes with its postings, in one statement: it is complete when it is made."""
    return pgtrigger.Trigger(
        name="entry_complete",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=_NEW,
        declare=[("fault", "record")],
        func="""
            SELECT e.reference INTO fault FROM new_rows e
             WHERE (SELECT p.id FROM clearing_posting p WHERE p.entry_id = e.id AND p.leg = 1) IS NULL LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'entry % comes without postings', fault.reference USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
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
        func="""
            FOR grown IN
                SELECT DISTINCT a.currency FROM new_rows n JOIN old_rows o ON o.account_id = n.account_id
                  JOIN clearing_account a ON a.id = n.account_id
                 WHERE n.balance_minor > o.balance_minor AND a.kind IN ('claim', 'reserve')
                 ORDER BY a.currency
            LOOP
                SELECT -b.balance_minor INTO reserve FROM clearing_balance b
                  JOIN clearing_account a ON a.id = b.account_id
                 WHERE a.kind = 'reserve' AND a.currency = grown.currency FOR UPDATE OF b;
                SELECT sum(b.balance_minor) INTO lent FROM clearing_balance b
                  JOIN clearing_account a ON a.id = b.account_id
                 WHERE a.kind = 'claim' AND a.currency = grown.currency;
                IF coalesce(lent, 0) > coalesce(reserve, 0) THEN
                    RAISE EXCEPTION 'claims of % in % exceed the reserve of %', lent, grown.currency, reserve
                        USING ERRCODE = 'check_violation';
                END IF;
            END LOOP;
            RETURN NULL;
        """,
    )


def months_in_order() -> pgtrigger.Trigger:
    """Months close in order."""
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
            {PERIOD_LOCK.acquire_shared_in_guard()}
            SELECT min(business_date) INTO earliest FROM new_rows;
            SELECT max(month) INTO closed FROM clearing_ledgerperiod;
            IF closed IS NOT NULL AND earliest < closed + interval '1 month' THEN
                RAISE EXCEPTION 'the books of % are closed: nothing is booked on %', closed, earliest
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,  # noqa: S608  the key is our own number
    )
