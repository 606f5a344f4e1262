"""Database guards of trades, obligations, charge plans, fees given back and held money."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list

from .lines import leaf_of, trade_line
from .obligation_kinds import (
    BASE_KINDS,
    CORRECTION_KINDS,
    INVOICED_CORRECTIONS,
    NEVER_DEFERRED,
    WITHIN_CAPTURED,
)

_SQL = Path(__file__).parent / "sql"


def fee_refunds_fit() -> pgtrigger.Trigger:
    """Fee refunds go to the payer of the fee, stay within it over all, and a rebate of tiers is in the fee's cycle.

    The trades are locked first, in key order, so that two statements at once do not give back a fee twice.
    """
    return pgtrigger.Trigger(
        name="fee_refunds_fit",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "fee_refunds_fit.sql"),
    )


def plan_is_whole() -> pgtrigger.Trigger:
    """The charges of a plan come in one statement, numbered 1, 2, 3, …; instalments sum to the price, periods cost it."""
    return pgtrigger.Trigger(
        name="plan_is_whole",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "plan_is_whole.sql"),
    )


def plan_has_charges() -> pgtrigger.Trigger:
    """A plan is committed with its charges."""
    return pgtrigger.Trigger(
        name="plan_has_charges",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "plan_has_charges.sql"),
    )


def shares_within_whole() -> pgtrigger.Trigger:
    """The shares of a plan come to no more than the whole."""
    return pgtrigger.Trigger(
        name="shares_within_whole",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "shares_within_whole.sql"),
    )


def usage_within_ceiling() -> pgtrigger.Trigger:
    """What is charged of a period's use is within its ceiling, and nothing more once the period was captured."""
    return pgtrigger.Trigger(
        name="usage_within_ceiling",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "usage_within_ceiling.sql"),
    )


def within_plan() -> pgtrigger.Trigger:
    """A further charge, or one of instalments, periods or use, is a trade only as its plan has it, after the one before."""
    return pgtrigger.Trigger(
        name="within_plan",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__charge__gt=1) | ~pgtrigger.Q(new__charging="one_off"),
        func=sql_body(_SQL / "within_plan.sql"),
    )


def captured_as_used() -> pgtrigger.Trigger:
    """Of a metered period exactly the use that was charged to it is captured."""
    return pgtrigger.Trigger(
        name="captured_as_used",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Q(new__state="accepted", new__charging="metered")
        & ~pgtrigger.Q(old__state="accepted"),
        func=sql_body(_SQL / "captured_as_used.sql"),
    )


def within_captured() -> pgtrigger.Trigger:
    """Shares and refunds of a trade keep within what was captured of it, whatever was given back before.

    Returns at once where a statement makes prices and fees alone, as nearly all do.
    """
    return pgtrigger.Trigger(
        name="within_captured",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(
            _SQL / "within_captured.sql",
            WITHIN_CAPTURED=sql_list(WITHIN_CAPTURED),
            PRICE_CORRECTIONS=sql_list(INVOICED_CORRECTIONS),
        ),
    )


def held_money_whole() -> pgtrigger.Trigger:
    """A posting that names a trade names one that exists; on held money it takes the whole of a trade of its buyer.

    A guard of postings that reads trades, so it is declared here and registered on the ledger's table. Returns at
    once where no posting names a trade or is on held money. What a row names is looked up by key, one by one: joined
    as sets, the planner would read the whole history for it.
    """
    return pgtrigger.Trigger(
        name="held_money_whole",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "held_money_whole.sql"),
    )


def deferred_obligations_fit() -> pgtrigger.Trigger:
    """An obligation that is the rest of an earlier one is made while that one's cycle is netted, and reads like it."""
    return pgtrigger.Trigger(
        name="deferred_obligations_fit",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__deferred_from__isnull=False),
        func=sql_body(_SQL / "deferred_obligations_fit.sql", NEVER_DEFERRED=sql_list(NEVER_DEFERRED)),
    )


def trade_leaf() -> pgtrigger.Trigger:
    """The leaf hash of a trade that has a cycle is computed from the row itself, whatever was given."""
    return pgtrigger.Trigger(
        name="trade_leaf",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
            NEW.leaf := CASE WHEN NEW.cycle_id IS NOT NULL THEN {leaf_of(trade_line("NEW"))} END;
            RETURN NEW;
        """,
    )


def obligations_fit() -> pgtrigger.Trigger:
    """Checks the obligations of a statement as one set against their trades and cycles.

    The cycle's row is locked in share mode first, so that no step of the cycle can pass between this check and the
    commit of the obligations. Purchase and fee of a trade come in one statement and one cycle.
    """
    return pgtrigger.Trigger(
        name="obligations_fit",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("wanted", "record"), ("cycle", "record"), ("fault", "record")],
        func=sql_body(
            _SQL / "obligations_fit.sql",
            CORRECTION_KINDS=sql_list(CORRECTION_KINDS),
            BASE_KINDS=sql_list(BASE_KINDS),
        ),
    )
