"""Database guards of deferrals, set-offs, and decisions on funds."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.participants.suspension_queries import HELD_FROM_PAYMENT
from marketplace.rules.parameters import PARAMETERS

from ..settlement.planning import UNCLAIMED
from .set_offs import PASSES, PROTECTED, RESTRAINTS
from .states import APPROVED_COMMANDS

WITHDRAWN = """EXISTS (
    WITH RECURSIVE replaced AS (
        SELECT f.id, f.instead_of_id, f.confirmed_at FROM public.clearing_settlementinstruction f
         WHERE f.id = {payment}.instead_of_id
        UNION ALL
        SELECT f.id, f.instead_of_id, f.confirmed_at FROM replaced r
          JOIN public.clearing_settlementinstruction f ON f.id = r.instead_of_id)
    SELECT FROM replaced WHERE confirmed_at = {payment}.cancelled_at)"""
"""Whether a payment was cancelled in the moment in which the bank's statement confirmed one that it replaces."""

TO_CREDITOR = """(EXISTS (SELECT FROM public.clearing_creditorpayment c WHERE c.payment_id = {payment}.id)
    OR {payment}.creditor_payment_id IS NOT NULL AND EXISTS (
        SELECT FROM public.clearing_settlementinstruction given WHERE given.instead_of_id = {payment}.id
           AND given.creditor_payment_id IS NULL AND given.amount_minor = {payment}.amount_minor))"""
"""Whether a payment was cancelled to pay a creditor from it; or, to a creditor, because the attachment ended before it was sent."""

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
        func=sql_body(
            _SQL / "set_off_fits.sql",
            PROTECTED=PROTECTED,
            RESTRAINTS=RESTRAINTS,
            PASSES=PASSES.format(total="total", due="planned"),
            HELD=HELD_FROM_PAYMENT.format(organisation="i.organisation_id"),
        ),
    )


def failed_set_off_fits() -> pgtrigger.Trigger:
    """What a cover takes of failed payments is due to its participant without a payment, not held back, and within restraints.

    Together with what the cycle sets off of planned payments; compared when the cover is committed.
    """
    return pgtrigger.Trigger(
        name="failed_set_off_fits",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Q(new__kind="cover"),
        declare=[
            ("drawn", "numeric"),
            ("unclaimed", "numeric"),
            ("planned", "numeric"),
            ("money", "text"),
            ("held", "record"),
        ],
        func=sql_body(
            _SQL / "failed_set_off_fits.sql",
            UNCLAIMED=UNCLAIMED.format(organisation="NEW.organisation_id", currency="money"),
            RESTRAINTS=RESTRAINTS,
            PASSES=PASSES.format(total="held.done_minor", due="planned + unclaimed"),
            HELD=HELD_FROM_PAYMENT.format(organisation="NEW.organisation_id"),
        ),
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
    """When a payment out is committed as cancelled, its cause is there.

    That is a set-off, a payment to a creditor, or that the payment which it was to replace was made.
    """
    return pgtrigger.Trigger(
        name="cancelled_is_set_off",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Q(new__state="cancelled") & ~pgtrigger.Q(old__state="cancelled"),
        func=sql_body(
            _SQL / "cancelled_is_set_off.sql",
            TO_CREDITOR=TO_CREDITOR.format(payment="NEW"),
            WITHDRAWN=WITHDRAWN.format(payment="NEW"),
        ),
    )


def decided_by_two() -> pgtrigger.Trigger:
    """The operator decides on the limit for one person or more with the approval of a second, of the same content."""
    return pgtrigger.Trigger(
        name="decided_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__kind__in=[kind.value for kind in APPROVED_COMMANDS]),
        declare=[("limit_minor", "numeric")],
        func=sql_body(
            _SQL / "decided_by_two.sql",
            COMMAND=" ".join(
                f"WHEN '{kind}' THEN '{command}'" for kind, command in APPROVED_COMMANDS.items()
            ),
            LIMIT_DEFAULT=PARAMETERS["second_person_minor"].default,
        ),
    )


def decision_is_posted() -> pgtrigger.Trigger:
    """When a decision is committed, the ledger has its entry."""
    return pgtrigger.Trigger(
        name="decision_is_posted",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "decision_is_posted.sql"),
    )
