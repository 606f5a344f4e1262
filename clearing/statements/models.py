"""Monthly statements: a participant's signed account of one month."""

from __future__ import annotations

from datetime import timedelta

import pgtrigger
from django.db import models
from django.db.models import F, Q

from marketplace.kernel.columns import DayField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from ..ground.columns import currency_stated, organisation_key
from ..ledger.models import LedgerPeriod
from .guards import closed_by_two, month_unfinished


def month_stated(name: str) -> models.CheckConstraint:
    """``month`` is the first day of a month and ``until`` the first day of the next one."""
    return models.CheckConstraint(
        condition=Q(
            month__day=1,
            until__day=1,
            until__gte=F("month") + timedelta(days=28),
            until__lte=F("month") + timedelta(days=31),
        ),
        name=name,
    )


class MonthlyStatement(models.Model):
    """A participant's account of one month: postings, documents, netting and payments.

    ``document`` is the data of the template ``clearing/statement``; ``sha256`` is of its canonical JSON, and
    ``signature`` the market's compact JWS over it. ``month`` is the first day of the month and ``until`` the first day
    of the next, in the market's zone; ``made_on`` is the business date of ``made_at``.

    Invariants: one statement per participant, currency and month, made after the month is over, with the ledger's
    closing balances; a finished month gets no further statement. Append-only.
    """

    public_id = IdentifierField(prefix="stm")
    organisation = organisation_key()
    currency = models.CharField(max_length=3)
    month = DayField()
    until = DayField()
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    signature = models.TextField()
    made_at = MomentField()
    made_on = DayField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "currency", "month"], name="statement_once"),
            models.CheckConstraint(condition=Q(made_on__gte=F("until")), name="statement_after_month"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$") & ~Q(signature=""), name="statement_signed"
            ),
            month_stated("statement_month"),
            currency_stated("statement_currency"),
        ]
        triggers = [append_only(), dated_now("made_at"), month_unfinished()]


class StatementMonth(models.Model):
    """A month whose statements are all made, with their number; it gets no further statement.

    Invariant: a month is finished once per currency, after it is over. Append-only.
    """

    currency = models.CharField(max_length=3)
    month = DayField()
    until = DayField()
    statements = models.PositiveIntegerField()
    made_at = MomentField()
    made_on = DayField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "month"], name="statement_month_once"),
            models.CheckConstraint(condition=Q(made_on__gte=F("until")), name="statement_month_over"),
            month_stated("statement_month_stated"),
            currency_stated("statement_month_currency"),
        ]
        triggers = [append_only(), dated_now("made_at")]


# Two people close a month; a guard that reads their approval is registered here.
pgtrigger.register(closed_by_two())(LedgerPeriod)
