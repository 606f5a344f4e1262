"""Database guards of suspensions: an organisation is suspended while one stands, and begins nothing then."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"

STANDS = """(SELECT FROM public.participants_suspension s WHERE s.organisation_id = {organisation} AND NOT EXISTS (
        SELECT FROM public.participants_reinstatement l WHERE l.suspension_id = s.id))"""
"""A suspension of an organisation that stands, in SQL after EXISTS."""


def suspends_organisation() -> pgtrigger.Trigger:
    """When the transaction that writes a suspension ends, its organisation is suspended; the operator never is."""
    return pgtrigger.Trigger(
        name="suspends_organisation",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "suspends_organisation.sql"),
    )


def suspended_while_one_stands() -> pgtrigger.Trigger:
    """An organisation becomes suspended by a suspension, and active when none stands and two people ended the last."""
    return pgtrigger.Trigger(
        name="suspended_while_one_stands",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        func=sql_body(_SQL / "suspended_while_one_stands.sql", STANDS=STANDS.format(organisation="NEW.id")),
    )


def ends_own_suspension() -> pgtrigger.Trigger:
    """A reinstatement is of the organisation that its suspension is of."""
    return pgtrigger.Trigger(
        name="ends_own_suspension",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "ends_own_suspension.sql"),
    )


def begun_by_active(column: str = "organisation_id") -> pgtrigger.Trigger:
    """A new row is of an organisation (``column``) that is not suspended.

    The organisation's row is locked until the transaction ends: a suspension waits for it and finds the row.
    """
    return pgtrigger.Trigger(
        name="begun_by_active",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "begun_by_active.sql", COLUMN=column),
    )
