"""Reductions of the operator's reserve."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.approvals.models import Approval
from marketplace.kernel.columns import MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from ..ground.columns import currency_stated
from ..ledger.models import Entry
from .causes import LOWERED
from .guards import reserve_lowered_by_two

REASON_LENGTH_MAX = 200


class ReserveReduction(models.Model):
    """Two people of the operator decided to lower the reserve by ``amount_minor`` from ``effective_from`` on.

    Everybody can read it from the decision on, at least ``control_notice_hours`` before it takes effect. Then the ledger moves
    the amount to the operator's own money, once what the reserve has lent leaves so much free. ``approval`` is of the first
    person, ``decided_by`` is the second.

    Invariants: the reserve has what the reductions that are to come take, beside what it has lent; it is lowered by a
    reduction only, once, not before its day, and never below the claims. Append-only.
    """

    public_id = IdentifierField(prefix="rsr")
    currency = models.CharField(max_length=3)
    amount_minor = MinorField()
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    effective_from = MomentField()
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    decided_by = models.CharField(max_length=60)
    decided_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) & ~Q(reason=""), name="reserve_reduction_of_what"
            ),
            currency_stated("reserve_reduction_currency"),
        ]
        triggers = [
            append_only(),
            dated_now("decided_at", real=["recorded_at"], stated=["effective_from"]),
            reserve_lowered_by_two(),
        ]


# The reserve is lowered by a reduction, so this guard of journal entries reads them and is registered here.
pgtrigger.register(LOWERED.guard("caused_by_reduction"))(Entry)
