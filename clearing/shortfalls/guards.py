"""Database guards of deferrals, set-offs and restraints of set-off."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from .set_offs import PROTECTED, RESTRAINTS

_SQL = Path(__file__).parent / "sql"


def deferrals_fit() -> pgtrigger.Trigger:
    """A deferral belongs to the cycle that is being netted; the obligation that continues it has its full amount."""
    return pgtrigger.Trigger(
        name="deferrals_fit",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "deferrals_fit.sql"),
    )


def set_off_fits() -> pgtrigger.Trigger:
    """A set-off is of a cancelled payment to the same participant, in a cycle that is being netted, within its free part.

    The remainder is planned in its stead and is not less than what may not be set off; restraints are kept.
    """
    return pgtrigger.Trigger(
        name="set_off_fits",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("fault", "text"), ("held", "record"), ("total", "numeric"), ("planned", "numeric")],
        func=sql_body(_SQL / "set_off_fits.sql", PROTECTED=PROTECTED, RESTRAINTS=RESTRAINTS),
    )


def set_off_is_drawn() -> pgtrigger.Trigger:
    """When a set-off is committed, the cover entry of its cycle and participant draws all set-offs together."""
    return pgtrigger.Trigger(
        name="set_off_is_drawn",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "set_off_is_drawn.sql"),
    )


def cancelled_is_set_off() -> pgtrigger.Trigger:
    """When a payment is committed as cancelled, a set-off of it is recorded: nothing else cancels a payment."""
    return pgtrigger.Trigger(
        name="cancelled_is_set_off",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Q(new__state="cancelled") & ~pgtrigger.Q(old__state="cancelled"),
        func=sql_body(_SQL / "cancelled_is_set_off.sql"),
    )


def lifts_restraint() -> pgtrigger.Trigger:
    """A row that lifts a restraint is of the same participant, currency and kind, and lifts no lifting row."""
    return pgtrigger.Trigger(
        name="lifts_restraint",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "lifts_restraint.sql"),
    )
