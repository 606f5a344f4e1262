"""Permissions of authorities to pay somebody under sanctions."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.approvals.models import Approval
from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from .guards import permitted_by_two, sanctioned_held_back
from .models import SettlementInstruction


class PaymentPermission(models.Model):
    """An authority permitted one payment to a participant under sanctions (外国為替及び外国貿易法16条), and two people say so.

    ``number`` is the permission's (許可番号), ``authority`` who gave it. ``approval`` is of the first person, ``permitted_by``
    is the second. Invariant: nothing else is sent to a participant while such a suspension stands. Append-only.
    """

    public_id = IdentifierField(prefix="ppm")
    payment = models.OneToOneField(SettlementInstruction, on_delete=models.PROTECT, related_name="permission")
    number = models.CharField(max_length=100)
    authority = models.CharField(max_length=100)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    permitted_by = models.CharField(max_length=60)
    permitted_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(number="") & ~Q(authority=""), name="payment_permission_of"),
        ]
        triggers = [
            append_only(),
            dated_now("permitted_at", real=["recorded_at"]),
            permitted_by_two(),
        ]


# A payment names no permission: this guard of payments reads them and is registered here.
pgtrigger.register(sanctioned_held_back())(SettlementInstruction)
