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


TERMS_APPROVED = f"""EXISTS (
    SELECT FROM public.approvals_approval a
      JOIN public.participants_organisation o ON o.public_id = a.subject
       AND o.id = {{row}}.organisation_id AND NOT o.is_operator
     WHERE a.id = {{row}}.approval_id AND a.state = 'approved' AND a.command = '{REGISTER_COMMAND}'
       AND a.ended_by = {{row}}.registered_by
       AND (a.payload ->> 'currency', a.payload ->> 'kind', a.payload ->> 'issuer', a.payload ->> 'document_sha256')
         = ({{row}}.currency, {{row}}.kind, {{row}}.issuer, {{row}}.document_sha256)
       AND ((a.payload ->> 'valid_from')::timestamptz, (a.payload ->> 'expires_at')::timestamptz)
         = ({{row}}.valid_from, {{row}}.expires_at))"""
"""Whether guarantee ``row`` is what two people approved, but for its amount, which may have been reduced since."""

AMOUNT_APPROVED = """(
    SELECT (a.payload ->> 'amount_minor')::bigint FROM public.approvals_approval a WHERE a.id = {row}.approval_id)"""
"""What a guarantee or its reduction amounts to in the words of two people."""

REDUCTION_APPROVED = f"""EXISTS (
    SELECT FROM public.approvals_approval a
     WHERE a.id = {{row}}.approval_id AND a.state = 'approved' AND a.command = '{REDUCE_COMMAND}'
       AND (a.subject, a.ended_by) = ({{guarantee}}.public_id, {{row}}.decided_by)
       AND (a.payload ->> 'amount_minor')::bigint = {{row}}.amount_minor)"""
"""Whether reduction ``row`` of ``guarantee`` is what two people approved."""


def registered_by_two() -> pgtrigger.Trigger:
    """A guarantee begins unused, on exactly the terms that two people approved."""
    return pgtrigger.Trigger(
        name="registered_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(
            _SQL / "registered_by_two.sql",
            APPROVED=TERMS_APPROVED.format(row="NEW"),
            AMOUNT=AMOUNT_APPROVED.format(row="NEW"),
        ),
    )


def reduced_by_two() -> pgtrigger.Trigger:
    """Two people reduce a guarantee, not below what is used; the guard writes the new amount into the guarantee."""
    return pgtrigger.Trigger(
        name="reduced_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("held", "record")],
        func=sql_body(
            _SQL / "reduced_by_two.sql", APPROVED=REDUCTION_APPROVED.format(row="NEW", guarantee="held")
        ),
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
