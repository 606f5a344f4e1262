"""Database guards of guarantees."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from .states import REDUCE_COMMAND, REGISTER_COMMAND

_SQL = Path(__file__).parent / "sql"

DEPOSIT_OF = """(
    SELECT coalesce(sum(-b.balance_minor), 0) FROM public.clearing_account a
      JOIN public.clearing_balance b ON b.account_id = a.id
     WHERE a.organisation_id = {organisation} AND a.currency = {currency} AND a.kind = 'deposit')"""
"""The security deposit of a participant."""

LIMITS_USED = """(
    SELECT coalesce(sum(l.used_minor), 0) FROM public.clearing_guarantee l
     WHERE l.organisation_id = {organisation} AND l.currency = {currency} AND l.kind = 'deposit_limit')"""
"""What is used of all limits that the deposit of a participant backs."""


def registered_by_two() -> pgtrigger.Trigger:
    """A guarantee begins unused, on exactly the terms that two people approved."""
    return pgtrigger.Trigger(
        name="registered_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "registered_by_two.sql", COMMAND=REGISTER_COMMAND),
    )


def reduced_by_two() -> pgtrigger.Trigger:
    """Two people reduce a guarantee, not below what is used; the guard writes the new amount into the guarantee."""
    return pgtrigger.Trigger(
        name="reduced_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("held", "record")],
        func=sql_body(_SQL / "reduced_by_two.sql", COMMAND=REDUCE_COMMAND),
    )


def guarantee_kept() -> pgtrigger.Trigger:
    """Only the guards of reductions and of guaranteed parts change a guarantee; no other statement may."""
    return pgtrigger.Trigger(
        name="guarantee_kept",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=sql_body(_SQL / "guarantee_kept.sql"),
    )


def deposit_backs_limits() -> pgtrigger.Trigger:
    """At the end of a transaction that lowers a deposit, it still covers what is used of the limits that it backs.

    Whoever lowers a deposit locks the participant's guarantees before its balances, as whoever uses them does.
    """
    return pgtrigger.Trigger(
        name="deposit_backs_limits",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Q(new__kind__in=["deposit", "cover", "guaranteed"]),
        declare=[("lowered", "record")],
        func=sql_body(
            _SQL / "deposit_backs_limits.sql",
            DEPOSIT=DEPOSIT_OF.format(organisation="lowered.organisation_id", currency="lowered.currency"),
            USED=LIMITS_USED.format(organisation="lowered.organisation_id", currency="lowered.currency"),
        ),
    )
