"""Reads monthly statements and drafts the statement of the running month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.participants.queries import get_organisation, operator_organisation

from ..ground.parties import party_key, party_of
from ..ground.scopes import own_key
from .document import Month, month_of, statement_document
from .models import MonthlyStatement, StatementMonth
from .parts import PartsReader

_LACKING = """
    WITH moved AS (
        SELECT DISTINCT a.organisation_id
          FROM clearing_entry e JOIN clearing_posting p ON p.entry_id = e.id
          JOIN clearing_account a ON a.id = p.account_id AND a.organisation_id IS NOT NULL
         WHERE e.booked_at >= %(began)s AND e.booked_at < %(ended)s AND p.currency = %(currency)s
           AND e.business_date >= %(month)s AND e.business_date < %(until)s
        UNION
        SELECT party.id FROM clearing_invoice i
          CROSS JOIN LATERAL (VALUES (i.issuer_id), (i.recipient_id), (i.supplier_id)) party(id)
         WHERE i.issued_on >= %(month)s AND i.issued_on < %(until)s AND i.currency = %(currency)s
    )
    SELECT organisation_id FROM moved
     WHERE organisation_id <> %(operator)s AND NOT EXISTS (
        SELECT FROM clearing_monthlystatement s
         WHERE s.organisation_id = moved.organisation_id AND s.currency = %(currency)s AND s.month = %(month)s)
     ORDER BY 1 LIMIT %(limit)s
"""


def organisations_without_statement(currency: str, month: Month, limit: int) -> list[int]:
    """Participants with a posting or invoice in a month but without its statement, ``limit`` at most."""
    values: dict[str, Any] = {
        "currency": currency,
        "month": month.first,
        "until": month.until,
        # An entry's day and moment come from two reads of the clock: allow a day's difference.
        "began": month.began_at - timedelta(days=1),
        "ended": month.ended_at + timedelta(days=1),
        "operator": operator_organisation().id,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LACKING, values)
        return [row[0] for row in cursor.fetchall()]


def statement_documents(
    organisations: Sequence[int], currency: str, month: Month
) -> dict[int, dict[str, Any]]:
    """Documents of statements by participant key, in a number of queries independent of the number of participants."""
    reader = PartsReader(organisations, currency, month)
    parts = reader.read()
    market, made_on = party_of(operator_organisation()), clock.today()
    return {
        key: statement_document(
            number=f"{party_key(reader.views[key])}-{currency}-{month.first:%Y-%m}",
            month=month,
            made_on=made_on,
            currency=currency,
            organisation=party_of(reader.views[key]),
            market=market,
            parts=parts[key],
        )
        for key in organisations
    }


def draft_statement(actor: Actor, *, currency: str, organisation: str | None = None) -> dict[str, Any]:
    """The statement of the running month as a draft; not recorded.

    Of the actor's own organisation, or of the one that the operator names. Raises Missing.
    """
    key = own_key(actor)
    if organisation is not None:
        key = get_organisation(organisation).id
        actor.require_scope(key, kind="organisation", identifier=organisation)
    if key == 0 or key == operator_organisation().id:
        raise Missing(kind="organisation", identifier=organisation or "")
    today = clock.today()
    running = Month(month_of(today).first, today + timedelta(days=1), draft=True)
    return statement_documents([key], currency, running)[key]


def visible_statements(actor: Actor) -> QuerySet[MonthlyStatement]:
    """Statements of the actor's organisation; all statements for the operator."""
    rows = MonthlyStatement.objects.all()
    return rows if actor.may_see() else rows.filter(organisation_id=own_key(actor))


def finished_statement_months() -> int:
    """How many months have all their statements."""
    return StatementMonth.objects.count()
