"""Database guards of trades, obligations, charge plans, fee refunds and held money."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list
from marketplace.rules.halt_time import extended_as_halted
from marketplace.rules.tax_tables import TAXED_CLASSES

from .amended import LATEST
from .guaranteed_guards import OPEN_PART, UNFIT
from .lines import leaf_of, trade_line
from .locks import FEE_REFUND_LOCK
from .obligation_kinds import (
    AFTER_ACCEPTANCE,
    BASE_KINDS,
    CORRECTION_KINDS,
    INVOICED_CORRECTIONS,
    LIMITED,
    NEVER_DEFERRED,
)
from .states import ObligationKind
from .sums import EXCEEDED, GIVEN, RATE, REFUND_TAX_DIFFERS, REFUNDED_FEES, SHARE_LEFT

_SQL = Path(__file__).parent / "sql"


def fee_refunds_fit() -> pgtrigger.Trigger:
    """A rebate goes to the payer of the fee, once, in the fee's cycle."""
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
    """One statement inserts all charges of a plan, numbered 1, 2, 3, …; their amounts agree with its price."""
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
    """The shares of a plan sum to the whole at most."""
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
    """The charged use of a period is within its ceiling; no use is charged after the period was captured."""
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
    """A trade of a planned charge equals the charge in its plan and follows the trade of the previous charge."""
    return pgtrigger.Trigger(
        name="within_plan",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__charge__gt=1) | ~pgtrigger.Q(new__charging="one_off"),
        func=sql_body(_SQL / "within_plan.sql", LATEST=LATEST),
    )


def captured_as_used() -> pgtrigger.Trigger:
    """The captured amount of a metered period equals its charged use."""
    return pgtrigger.Trigger(
        name="captured_as_used",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Q(new__state="accepted", new__charging="metered")
        & ~pgtrigger.Q(old__state="accepted"),
        func=sql_body(_SQL / "captured_as_used.sql"),
    )


def within_limits() -> pgtrigger.Trigger:
    """Whatever is given back, charged or shared of a trade stays within the trade's limits, all of it together.

    The tax of refunded fees is that of the sum of what was refunded of their invoice.

    Its trades are locked first, in key order, so that of two concurrent statements the second counts the first. Returns
    at once if a statement inserts only prices and fees, as nearly all do.
    """
    return pgtrigger.Trigger(
        name="within_limits",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(
            _SQL / "within_limits.sql",
            LIMITED=sql_list(LIMITED),
            AFTER_ACCEPTANCE=sql_list(AFTER_ACCEPTANCE),
            PRICE_CORRECTIONS=sql_list(INVOICED_CORRECTIONS),
            CORRECTION_KINDS=sql_list(CORRECTION_KINDS),
            GIVEN=GIVEN,
            EXCEEDED=EXCEEDED,
            RATE=RATE,
            SHARE_LEFT=SHARE_LEFT,
            SHARE=ObligationKind.SHARE,
            SHARE_RETURN=ObligationKind.SHARE_RETURN,
            FEE_REFUND=ObligationKind.FEE_REFUND,
            ACQUIRE_FEE_REFUND_LOCK=FEE_REFUND_LOCK.acquire_in_guard(),
            REFUNDED_WRONG=REFUNDED_FEES,
            TAX_DIFFERS=REFUND_TAX_DIFFERS,
        ),
    )


def captured_beyond_returned() -> pgtrigger.Trigger:
    """A trade that captures less than its price captures at least what was given back of it before."""
    return pgtrigger.Trigger(
        name="captured_beyond_returned",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Q(
            new__state="accepted",
            new__captured_price_minor__gte=0,
            new__captured_price_minor__lt=pgtrigger.F("new__price_minor"),
        )
        & ~pgtrigger.Q(old__state="accepted"),
        declare=[("passed", "text")],
        func=sql_body(_SQL / "captured_beyond_returned.sql", GIVEN=GIVEN, EXCEEDED=EXCEEDED),
    )


def supplied_when_accepted() -> pgtrigger.Trigger:
    """A supply that counts as made when its delivery is accepted has that day: its own, or of an instalment the delivery's."""
    return pgtrigger.Trigger(
        name="supplied_when_accepted",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Q(new__state="accepted", new__tax_point="delivery_accepted")
        & ~pgtrigger.Q(old__state="accepted"),
        declare=[("delivered", "timestamptz")],
        func=sql_body(_SQL / "supplied_when_accepted.sql"),
    )


def held_money_whole() -> pgtrigger.Trigger:
    """The trade that a posting names exists; a posting on held money moves the whole gross of a trade of its buyer.

    A guard of postings that reads trades, so it is declared here and registered on the ledger's table. Returns at once
    if no posting names a trade or is on held money. Rows are looked up by key, one by one: with joined sets the planner
    would read the whole history.
    """
    return pgtrigger.Trigger(
        name="held_money_whole",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "held_money_whole.sql", OPEN_PART=OPEN_PART.format(trade="t.id")),
    )


def taxed_as_published() -> pgtrigger.Trigger:
    """A trade is taxed at a rate of its category that a rulebook has published, and its fee at a published rate; what
    the law does not tax, by its class, has the rate zero."""
    return pgtrigger.Trigger(
        name="taxed_as_published",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "taxed_as_published.sql", TAXED_CLASSES=sql_list(TAXED_CLASSES)),
    )


def money_on_hold() -> pgtrigger.Trigger:
    """At the end of a transaction a secured or disputed trade has its gross on hold, less the part that a guarantee secures;
    any other has nothing on hold, and its guaranteed part is paid if it was accepted."""
    return pgtrigger.Trigger(
        name="money_on_hold",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("state"),
        timing=pgtrigger.Deferred,
        func=sql_body(
            _SQL / "money_on_hold.sql", TRADE="NEW.id", OPEN_PART=OPEN_PART.format(trade="t.id"), UNFIT=UNFIT
        ),
    )


def deferred_obligations_fit() -> pgtrigger.Trigger:
    """A deferred obligation is made at the netting of the original, with the same kind, trade and parties."""
    return pgtrigger.Trigger(
        name="deferred_obligations_fit",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__deferred_from__isnull=False),
        func=sql_body(_SQL / "deferred_obligations_fit.sql", NEVER_DEFERRED=sql_list(NEVER_DEFERRED)),
    )


def trade_leaf() -> pgtrigger.Trigger:
    """The database computes the leaf hash of a trade with a cycle from the row, and ignores a given value."""
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
    commit of the obligations. One statement inserts purchase and fee of a trade, in one cycle.
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


def funding_extended_as_halted() -> pgtrigger.Trigger:
    """The time to pay in moves only by the time that trading was halted, and what was agreed first is kept.

    Where it is the tax point, the agreed day stays it.
    """
    return pgtrigger.Trigger(
        name="extended_as_halted",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("fund_by", "agreed_fund_by", "halts_counted_until"),
        func="IF (NEW.state <> OLD.state AND (NEW.fund_by, NEW.halts_counted_until)"
        " IS DISTINCT FROM (OLD.fund_by, OLD.halts_counted_until))\n"
        "   OR NEW.agreed_fund_by IS DISTINCT FROM coalesce(OLD.agreed_fund_by,"
        " CASE WHEN NEW.fund_by <> OLD.fund_by THEN OLD.fund_by END) THEN\n"
        "    RAISE EXCEPTION 'the time to pay in does not move with the state, and what was agreed is kept'"
        " USING ERRCODE = 'check_violation', CONSTRAINT = 'extended_as_halted';\nEND IF;\n"
        + extended_as_halted(
            "fund_by",
            "halts_counted_until",
            "OLD.concluded_at",
            listing="NEW.listing",
            segment="NEW.segment",
        ),
    )
