"""Database guards of settlement instructions."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.participants.suspension_queries import HELD_FROM_PAYMENT

from ..ledger.operator_money import OPERATOR_MONEY_CONSTRAINT
from .held_by_two import (
    ACCOUNT_APPROVED,
    ACCOUNT_NOTICED,
    CREDITOR_APPROVED,
    LIFT_APPROVED,
    LOWERING_APPROVED,
    PERMISSION_APPROVED,
    REGIME_APPROVED,
    REGIME_NOTICED,
    SURPLUS_APPROVED,
)
from .operator_money import FREE
from .reserve import FREE_RESERVE

UNPAID = """(r.amount_minor - coalesce((
    SELECT sum(paid.amount_minor) FROM public.clearing_settlementinstruction paid
      JOIN public.clearing_creditorpayment decided ON decided.id = paid.creditor_payment_id
     WHERE decided.restraint_id = r.id AND paid.state NOT IN ('failed', 'cancelled')), 0))"""
"""What of the attached amount of restraint ``r`` no payment to a creditor pays; null where the whole is attached."""

_SQL = Path(__file__).parent / "sql"


def replaces_failed() -> pgtrigger.Trigger:
    """A payment replaces a failed or cancelled one, of the same purpose and payee, with at most the same amount."""
    return pgtrigger.Trigger(
        name="replaces_failed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "replaces_failed.sql"),
    )


def payments_covered() -> pgtrigger.Trigger:
    """Payments in progress to a participant never exceed the balance of its receivable account.

    Payments of the operator are exempt: it has no such account and takes out what it earned
    (``operator_paid_its_earnings``).
    """
    return pgtrigger.Trigger(
        name="payments_covered",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "payments_covered.sql"),
    )


def within_operator_money(rows: str, needed: str = "0") -> pgtrigger.Trigger:
    """The operator's own money on the client account covers ``rows``, SQL that selects ``currency`` from new ones that need it.

    ``needed`` is what of a row nothing else states yet. One writer of a currency at a time: the balance of own money is locked.
    """
    return pgtrigger.Trigger(
        name=OPERATOR_MONEY_CONSTRAINT,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("needing", "record"), ("free_minor", "bigint")],
        func=sql_body(
            _SQL / "within_operator_money.sql",
            ROWS=rows,
            NEEDED=needed,
            FREE=FREE.format(currency="needing.currency"),
            CONSTRAINT=OPERATOR_MONEY_CONSTRAINT,
        ),
    )


def operator_paid_its_earnings() -> pgtrigger.Trigger:
    """A payment to the operator is of a posted cycle, and no more than it earned in it; or two people take own money out."""
    return pgtrigger.Trigger(
        name="operator_paid_its_earnings",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "operator_paid_its_earnings.sql"),
    )


def surplus_by_two() -> pgtrigger.Trigger:
    """Two people of the operator take out own money, of the amount that they approved."""
    return pgtrigger.Trigger(
        name="surplus_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__purpose="surplus"),
        func=sql_body(_SQL / "surplus_by_two.sql", APPROVED=SURPLUS_APPROVED.format(row="NEW")),
    )


def names_restoration() -> pgtrigger.Trigger:
    """A payment is planned under the number of the newest restoration."""
    return pgtrigger.Trigger(
        name="names_restoration",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "names_restoration.sql"),
    )


def sending_open() -> pgtrigger.Trigger:
    """No payment is sent after a restoration before sending in its currency is opened."""
    return pgtrigger.Trigger(
        name="sending_open",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Q(new__state="sending") & ~pgtrigger.Q(old__state="sending"),
        func=sql_body(_SQL / "sending_open.sql"),
    )


def restorations_in_order() -> pgtrigger.Trigger:
    """Each restoration has a greater number than all before it."""
    return pgtrigger.Trigger(
        name="restorations_in_order",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "restorations_in_order.sql"),
    )


def counts_this_server() -> pgtrigger.Trigger:
    """A counted timeline is the server's own, and belongs to a restoration that no earlier row has counted."""
    return pgtrigger.Trigger(
        name="counts_this_server",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "counts_this_server.sql"),
    )


def lifts_restraint() -> pgtrigger.Trigger:
    """A row that lifts a restraint is of its participant, currency and kind, lifts no lifting row, and has two people."""
    return pgtrigger.Trigger(
        name="lifts_restraint",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "lifts_restraint.sql", APPROVED=LIFT_APPROVED.format(row="NEW")),
    )


def registered_by_two() -> pgtrigger.Trigger:
    """Two people register a client account; another than that in force takes effect after the notice."""
    return _by_two("registered_by_two", approved=ACCOUNT_APPROVED, noticed=ACCOUNT_NOTICED)


def declared_by_two() -> pgtrigger.Trigger:
    """Two people declare a funds regime; one that weakens a control takes effect after the notice."""
    return _by_two("declared_by_two", approved=REGIME_APPROVED, noticed=REGIME_NOTICED)


def _by_two(name: str, *, approved: str, noticed: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=sql_body(
            _SQL / "held_by_two.sql",
            APPROVED=approved.format(row="NEW"),
            NOTICED=noticed.format(row="NEW", earlier=" AND b.id <> NEW.id"),
        ),
    )


def attached_held_back() -> pgtrigger.Trigger:
    """A payment is sent only if what stays planned to its payee covers what is attached, or to a creditor if it still is."""
    return pgtrigger.Trigger(
        name="attached_held_back",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(_SQL / "attached_held_back.sql", UNPAID=UNPAID),
    )


def creditor_payment_fits() -> pgtrigger.Trigger:
    """A creditor is paid from an attached payment, at most what is attached, as two people decided."""
    return pgtrigger.Trigger(
        name="creditor_payment_fits",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("fault", "text")],
        func=sql_body(
            _SQL / "creditor_payment_fits.sql", UNPAID=UNPAID, APPROVED=CREDITOR_APPROVED.format(row="NEW")
        ),
    )


def attachment_paid_or_ended() -> pgtrigger.Trigger:
    """A payment of an attached claim is to the creditor, within the decision; or to its participant, once the order ended."""
    return pgtrigger.Trigger(
        name="attachment_paid_or_ended",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__purpose="attachment"),
        func=sql_body(_SQL / "attachment_paid_or_ended.sql", UNPAID=UNPAID),
    )


def sanctioned_held_back() -> pgtrigger.Trigger:
    """No payment is sent to a participant under sanctions, unless an authority permitted it."""
    return pgtrigger.Trigger(
        name="sanctioned_held_back",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(
            _SQL / "sanctioned_held_back.sql", HELD=HELD_FROM_PAYMENT.format(organisation="n.organisation_id")
        ),
    )


def permitted_by_two() -> pgtrigger.Trigger:
    """Two people state the permission of a payment."""
    return pgtrigger.Trigger(
        name="permitted_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "permitted_by_two.sql", APPROVED=PERMISSION_APPROVED.format(row="NEW")),
    )


def reserve_lowered_by_two() -> pgtrigger.Trigger:
    """Two people lower the reserve, after the notice, by no more than claims and other reductions leave free."""
    return pgtrigger.Trigger(
        name="reserve_lowered_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(
            _SQL / "reserve_lowered_by_two.sql",
            APPROVED=LOWERING_APPROVED.format(row="NEW"),
            FREE_RESERVE=FREE_RESERVE.format(currency="NEW.currency"),
        ),
    )
