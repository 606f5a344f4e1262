"""Database guards of this application: corporate numbers, and the neutrality of the operator."""

from __future__ import annotations

from collections.abc import Iterable

import pgtrigger


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
        func="""
            IF NEW.corporate_number !~ '^[0-9]{13}$' THEN
                RAISE EXCEPTION 'a corporate number has 13 digits' USING ERRCODE = 'check_violation';
            END IF;
            SELECT sum(substr(NEW.corporate_number, 14 - n, 1)::integer * (2 - n % 2))
                INTO weighted FROM generate_series(1, 12) AS n;
            IF left(NEW.corporate_number, 1)::integer <> 9 - weighted % 9 THEN
                RAISE EXCEPTION 'the check digit of the corporate number is wrong'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
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
        func=f"""
            IF NEW.state IN ({_quote(held)}) THEN
                SELECT is_operator OR operator_affiliate INTO partial
                    FROM participants_organisation WHERE id = NEW.organisation_id FOR SHARE;
                IF partial THEN
                    RAISE EXCEPTION 'the operator and its affiliates are never buyer or seller'
                        USING ERRCODE = 'check_violation';
                END IF;
            END IF;
            RETURN NEW;
        """,  # noqa: S608  built from the names of states alone
    )


def neutral_organisations(held: Iterable[str]) -> pgtrigger.Trigger:
    """An organisation with an admission in a ``held`` state cannot become the operator or an affiliate of it."""
    return pgtrigger.Trigger(
        name="neutral_organisations",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("is_operator", "operator_affiliate"),
        func=f"""
            IF (NEW.is_operator OR NEW.operator_affiliate) AND EXISTS (
                SELECT FROM participants_admission
                WHERE organisation_id = NEW.id AND state IN ({_quote(held)})
            ) THEN
                RAISE EXCEPTION 'an organisation with an admission cannot belong to the operator'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def _quote(states: Iterable[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(map(str, states)))
