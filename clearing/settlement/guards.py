"""Database guards of settlement instructions."""

from __future__ import annotations

import pgtrigger


def replaces_failed() -> pgtrigger.Trigger:
    """A payment is made again only if it has failed, for the same purpose and payee, and for no more."""
    return pgtrigger.Trigger(
        name="replaces_failed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF NEW.instead_of_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM clearing_settlementinstruction f
                 WHERE f.id = NEW.instead_of_id AND f.state = 'failed' AND f.amount_minor >= NEW.amount_minor
                   AND (f.organisation_id, f.currency, f.direction, f.purpose)
                       = (NEW.organisation_id, NEW.currency, NEW.direction, NEW.purpose)
                   AND f.cycle_id IS NOT DISTINCT FROM NEW.cycle_id
            ) THEN
                RAISE EXCEPTION 'payment % does not stand in the place of one that has failed', NEW.reference
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def payments_covered() -> pgtrigger.Trigger:
    """What is being paid to a participant stands on its receivable account, to the last unit.

    The operator, who has no accounts of a participant, takes out what it earned.
    """
    return pgtrigger.Trigger(
        name="payments_covered",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func="""
            SELECT named.organisation_id, named.currency INTO fault
              FROM (SELECT DISTINCT organisation_id, currency FROM new_rows WHERE direction = 'out') named
              JOIN clearing_account a ON a.organisation_id = named.organisation_id
               AND a.currency = named.currency AND a.kind = 'receivable'
              JOIN clearing_balance b ON b.account_id = a.id
             WHERE -b.balance_minor < (
                SELECT sum(i.amount_minor) FROM clearing_settlementinstruction i
                 WHERE i.organisation_id = named.organisation_id AND i.currency = named.currency
                   AND i.direction = 'out' AND i.state IN ('planned', 'sending', 'unknown'))
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'payments to % in % are more than what is due to it',
                    fault.organisation_id, fault.currency USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )
