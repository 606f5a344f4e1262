"""What people of the operator commanded on money, alone or as two."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.approvals.models import Approval
from marketplace.kernel.columns import DayField, MinorField, MomentField
from marketplace.kernel.guards import (
    append_only,
    dated_now,
)

from ..ground.columns import currency_stated, date_of_moment
from .guards import commanded_by_right, commanded_by_unrelated, within_one_persons_limit


class MoneyCommand(models.Model):
    """A command on money that people of the operator have given and that was carried out.

    ``payee`` is the public identifier of the organisation whose money grows or whose debt shrinks by it, empty where
    one command pays several. ``approval`` is that of its second person, null if ``given_by`` gave it alone. ``given_on``
    is the business date.

    Invariants: what one person gives alone stays, with all such commands of its kind for the payee on the day, below
    the amount from which a second person is needed; who gave it has no interest in whom it is about. Append-only.
    """

    command = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)
    payee = models.CharField(max_length=60, blank=True, default="")
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    given_by = models.CharField(max_length=60)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    given_on = DayField()
    given_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="money_command_amount"),
            date_of_moment("money_command_day", day="given_on", moment="given_at"),
            currency_stated("money_command_currency"),
        ]
        indexes = [
            models.Index(
                fields=["command", "payee", "currency", "given_on"],
                name="money_command_alone",
                condition=Q(approval=None),
            )
        ]
        triggers = [
            append_only(),
            dated_now("given_at", real=["recorded_at"]),
            within_one_persons_limit(),
            commanded_by_unrelated("given_by", payload="jsonb_build_object('payee', NEW.payee)", when="true"),
        ]


pgtrigger.register(
    commanded_by_right(),
    commanded_by_unrelated(
        "first_person",
        "ended_by",
        payload="NEW.payload",
        when="NEW.state = 'approved' AND OLD.state IS DISTINCT FROM NEW.state",
    ),
)(Approval)
