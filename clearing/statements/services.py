"""Makes monthly statements for every participant with postings or invoices, once, after the month is over."""

from __future__ import annotations

from datetime import date, datetime, time

from django.db import transaction

from marketplace.events.schemas.clearing import StatementMade
from marketplace.events.services import emit_all
from marketplace.evidence.services import record
from marketplace.evidence.signatures import sign
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.clock import business_date, market_zone
from marketplace.participants.queries import organisations_by_id

from ..cycles.models import Cycle
from ..cycles.parts import is_under_way
from ..cycles.states import StepPart
from .document import Month, month_of
from .locks import STATEMENT_LOCK
from .models import MonthlyStatement, StatementMonth
from .queries import organisations_without_statement, statement_documents
from .rendering import request_statement_pdf

STATEMENTS_A_STEP = 50
STEPS_A_SWEEP = 4
STATEMENTS = Loop("clearing.make_statements")
FIRST_HOUR = time(1)
"""One hour after midnight, so that transactions under way at midnight are included."""


def make_statements(*, actor: Actor = SYSTEM) -> int:
    """Make some of the due monthly statements in every currency; returns how many, 0 when none are due.

    Statements of a month are due from the first business day of the next month on; the oldest month comes first, so
    an outage leaves no month out. Resumable at any point; a finished month never changes. Emits statement.made.
    """
    made = 0
    currencies = Cycle.objects.filter(number=1).order_by("currency").values_list("currency", flat=True)
    for currency in list(currencies):
        for _ in range(STEPS_A_SWEEP):
            found = make_some_statements(actor=actor, currency=currency)
            if found is None:
                break
            made += found
    return made


def make_some_statements(*, actor: Actor, currency: str) -> int | None:
    """Some statements of the first unfinished month, or its end; None if none is due or another worker holds the lock.

    A participant whose statement cannot be made stands aside, and its month does not end before it is made.
    """
    month = _due_month(currency)
    if month is None:
        return None
    aside = set(STATEMENTS.standing_aside())
    due = organisations_without_statement(currency, month, STATEMENTS_A_STEP + len(aside))
    if not due:
        return _end_month(actor, currency, month)
    views = organisations_by_id(due)

    def subject(key: int) -> str:
        return f"{views[key].public_id} {currency}"

    some = [key for key in due if subject(key) not in aside]
    if not some:
        return None
    return STATEMENTS.together(some, lambda keys: _make_under_lock(keys, currency, month), subject=subject)


@transaction.atomic
def _end_month(actor: Actor, currency: str, month: Month) -> int | None:
    if not STATEMENT_LOCK.try_acquire():
        return None
    is_new = not StatementMonth.objects.filter(currency=currency, month=month.first).exists()
    if is_new and not organisations_without_statement(currency, month, 1):
        _finish_month(actor, currency, month)
    return 0


@transaction.atomic
def _make_under_lock(organisations: list[int], currency: str, month: Month) -> int:
    """Make the statements of those that have none yet; none while another worker holds the lock."""
    if not STATEMENT_LOCK.try_acquire():
        return 0
    made = set(
        MonthlyStatement.objects.filter(
            currency=currency, month=month.first, organisation_id__in=organisations
        ).values_list("organisation_id", flat=True)
    )
    due = [key for key in organisations if key not in made]
    if due:
        _make_for(due, currency, month)
    return len(due)


def _due_month(currency: str) -> Month | None:
    """The first month without all its statements, if they are due and no cycle is being posted, perhaps into it."""
    if is_under_way(currency, StepPart.ENTRIES):
        return None
    last = StatementMonth.objects.filter(currency=currency).order_by("-month").first()
    if last is not None:
        month = month_of(last.until)
    else:
        month = month_of(business_date(Cycle.objects.get(currency=currency, number=1).opened_at))
    return month if clock.now() >= due_from(month.until) else None


def due_from(until: date) -> datetime:
    """The moment from which the statements of a month that ended before ``until`` are due."""
    return datetime.combine(BusinessCalendar().roll_forward(until), FIRST_HOUR, market_zone())


def _make_for(organisations: list[int], currency: str, month: Month) -> None:
    documents = statement_documents(organisations, currency, month)
    views = organisations_by_id(organisations)
    now = clock.now()
    statements = []
    for key in organisations:
        digest = digest_of(documents[key])
        claims = {
            "organisation": views[key].public_id,
            "currency": currency,
            "month": month.first.isoformat(),
            "number": documents[key]["number"],
            "sha256": digest,
        }
        statements.append(
            MonthlyStatement(
                organisation_id=key,
                currency=currency,
                month=month.first,
                until=month.until,
                document=documents[key],
                sha256=digest,
                signature=sign(claims),
                made_at=now,
                made_on=business_date(now),
            )
        )
    made = MonthlyStatement.objects.bulk_create(statements)
    for statement in made:
        request_statement_pdf(statement, views[statement.organisation_id].public_id)
    emit_all(
        [
            StatementMade(
                statement=statement.public_id,
                organisation=views[statement.organisation_id].public_id,
                currency=currency,
                month=month.first.isoformat()[:7],
            )
            for statement in made
        ]
    )


def _finish_month(actor: Actor, currency: str, month: Month) -> None:
    """Record that a month has all its statements, with one hash over theirs as evidence."""
    now = clock.now()
    hashes = MonthlyStatement.objects.filter(currency=currency, month=month.first).order_by("pk")
    digests = list(hashes.values_list("sha256", flat=True))
    StatementMonth.objects.create(
        currency=currency,
        month=month.first,
        until=month.until,
        statements=len(digests),
        made_at=now,
        made_on=business_date(now),
    )
    record(
        kind="clearing.statements_made",
        subject=f"{currency}-{month.first:%Y-%m}",
        actor=actor,
        payload={"statements": len(digests), "sha256": digest_of(digests)},
    )
