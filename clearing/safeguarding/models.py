"""Segregation checks, and idle money that cannot be returned."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import DayField, MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from ..bank.models import BankStatement
from ..ground.columns import currency_stated, organisation_key
from ..ledger.models import Posting
from ..settlement.states import Hindrance
from .guards import relies_on_confirmed

_EVERY_YEN = Q(bank_minor=F("owed_minor") + F("operator_minor") - F("outstanding_minor"))
_SAME = Q(stated_difference_minor=None) | Q(stated_difference_minor=0)
_COVERED = Q(bank_minor__gte=F("owed_minor")) & _EVERY_YEN & _SAME
_UNCOVERED = (
    Q(bank_minor__lt=F("owed_minor"))
    | ~_EVERY_YEN
    | Q(stated_difference_minor__isnull=False) & ~Q(stated_difference_minor=0)
)
_REACHED = Q(due_on=None) | Q(stated_on__isnull=False, stated_on__gte=F("due_on"))
_UNREACHED = Q(due_on__isnull=False) & (Q(stated_on=None) | Q(stated_on__lt=F("due_on")))


class SegregationCheck(models.Model):
    """A segregation check of one business day: the client account in the ledger, and who owns its balance.

    ``since`` is the first day that the check covers: after days without a check, one check covers them all. ``attempt``
    counts the checks of a day: one that failed is made again once it agrees. ``statement`` is the newest whose balance a
    second person confirmed, ``stated_on`` its last day, ``stated_minor`` its closing balance, and
    ``stated_difference_minor`` its difference from the ledger at the import. ``due_on`` is the last bank business day
    before the check, which the statement must reach; null before the client account had one.
    ``outstanding_minor`` is what left the client account and must come back.

    Invariants: it agrees exactly if the client account covers what is owed, its balance and what is outstanding are owed
    plus the operator's, and the bank's balance is confirmed, reaches the day due, and does not differ. Append-only.
    """

    public_id = IdentifierField(prefix="sgc")
    currency = models.CharField(max_length=3)
    business_date = DayField()
    attempt = models.PositiveSmallIntegerField(default=1)
    since = DayField()
    bank_minor = MinorField()
    owed_minor = MinorField()
    operator_minor = MinorField()
    outstanding_minor = MinorField()
    due_on = DayField(null=True)
    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, null=True, related_name="+")
    stated_on = DayField(null=True)
    stated_minor = MinorField(null=True)
    stated_difference_minor = MinorField(null=True)
    agrees = models.BooleanField()
    checked_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "business_date", "attempt"], name="segregation_check_once"
            ),
            models.CheckConstraint(
                condition=Q(agrees=True) & _COVERED & _REACHED | Q(agrees=False) & (_UNCOVERED | _UNREACHED),
                name="segregation_check_truthful",
            ),
            models.CheckConstraint(
                condition=Q(statement=None, stated_on=None, stated_minor=None, stated_difference_minor=None)
                | Q(
                    statement__isnull=False,
                    stated_on__isnull=False,
                    stated_minor__isnull=False,
                    stated_difference_minor__isnull=False,
                ),
                name="segregation_check_stated",
            ),
            models.CheckConstraint(
                condition=Q(since__lte=F("business_date"), attempt__gte=1), name="segregation_check_since"
            ),
            models.CheckConstraint(
                condition=Q(due_on=None) | Q(due_on__lt=F("business_date")), name="segregation_check_due"
            ),
            currency_stated("segregation_check_currency"),
        ]
        triggers = [append_only(), dated_now("checked_at", real=["recorded_at"]), relies_on_confirmed()]


class StuckMoney(models.Model):
    """Idle money of a participant that cannot be paid back; recorded once until the account moves again.

    ``posting`` is the newest posting on the account; the money stays available to the participant. Append-only.
    """

    organisation = organisation_key()
    currency = models.CharField(max_length=3)
    amount_minor = MinorField()
    reason_code = models.CharField(max_length=20, choices=Hindrance.choices)
    posting = models.OneToOneField(Posting, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    told_at = MomentField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, reason_code__in=Hindrance.values), name="stuck_money_what"
            ),
            currency_stated("stuck_money_currency"),
        ]
        triggers = [append_only(), dated_now("told_at")]
