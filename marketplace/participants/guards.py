"""Database guards of this application: corporate numbers, the neutrality of the operator, and its programs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body, sql_list

_SQL = Path(__file__).parent / "sql"


def corporate_number_guard() -> pgtrigger.Trigger:
    """A corporate number has 13 digits, the first of which is the check digit of the other twelve.

    The first digit is 9 − (Σ Pₙ·Qₙ mod 9) for n from 1 to 12, P₁ the last digit, Qₙ 1 for odd n and 2 for even
    (Ministry of Finance order 426M60000040070, article 2).
    """
    return pgtrigger.Trigger(
        name="corporate_number_guard",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        condition=pgtrigger.Q(new__corporate_number__isnull=False),
        declare=[("weighted", "integer")],
        func=sql_body(_SQL / "corporate_number_guard.sql"),
    )


def neutral_admissions(held: Iterable[str]) -> pgtrigger.Trigger:
    """No admission in a ``held`` state belongs to the operator or an affiliate of it.

    The organisation's row is locked until the transaction ends, so no other transaction can set the flags at the same
    time: the trigger of the organisation then sees this admission.
    """
    return pgtrigger.Trigger(
        name="neutral_admissions",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state", "organisation_id"),
        declare=[("partial", "boolean")],
        func=sql_body(_SQL / "neutral_admissions.sql", HELD=sql_list(sorted(held))),
    )


def neutral_organisations(held: Iterable[str]) -> pgtrigger.Trigger:
    """An organisation with an admission in a ``held`` state cannot become the operator or an affiliate of it."""
    return pgtrigger.Trigger(
        name="neutral_organisations",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("is_operator", "operator_affiliate"),
        func=sql_body(_SQL / "neutral_organisations.sql", HELD=sql_list(sorted(held))),
    )


def side_fixed() -> pgtrigger.Trigger:
    """An organisation with members neither becomes the operator nor ceases to be it: their roles would mean others."""
    return pgtrigger.Trigger(
        name="side_fixed",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("is_operator"),
        func=sql_body(_SQL / "side_fixed.sql"),
    )


def programs_answered_for() -> pgtrigger.Trigger:
    """A member of the organisation answers for its program, and took it over itself; scopes only become fewer; what is
    revoked stays revoked."""
    return pgtrigger.Trigger(
        name="programs_answered_for",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert
        | pgtrigger.UpdateOf("responsible_id", "scopes", "client_secret", "expires_at"),
        func=sql_body(_SQL / "programs_answered_for.sql"),
    )


def sessions_end_with_password() -> pgtrigger.Trigger:
    """A new password, and the end of an account, end every session of the person."""
    return pgtrigger.Trigger(
        name="sessions_end_with_password",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("password", "is_active"),
        func=sql_body(_SQL / "sessions_end_with_password.sql"),
    )
