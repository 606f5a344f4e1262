"""Restraints of set-off and of payment."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.kernel.columns import MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from ..approvals.models import Approval
from ..ground.columns import currency_stated, organisation_key
from .guards import attached_held_back, lifts_restraint
from .models import SettlementInstruction
from .states import RestraintKind


class SetOffRestraint(models.Model):
    """An event that limits set-off against payments to a participant, by the rule of its day (``shortfalls.set_off_rules``).

    ``served_at``: when the attachment was served on the market, or the proceedings opened or became known to it;
    ``amount_minor`` is the attached amount, None for the whole. A row that ``lifts`` another ends it. ``reference`` is the
    court's file number. ``noted_at`` is the business time from which payments are held back. Two people lift a restraint:
    ``approval`` is of the first, ``recorded_by`` is the second. Append-only.
    """

    public_id = IdentifierField(prefix="sor")
    organisation = organisation_key()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=12, choices=RestraintKind.choices)
    amount_minor = MinorField(null=True)
    served_at = MomentField()
    reference = models.CharField(max_length=200)
    lifts = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="lifted_by")
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    noted_at = MomentField()
    recorded_by = models.CharField(max_length=60)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=RestraintKind.values)
                & ~Q(reference="")
                & (Q(amount_minor=None) | Q(amount_minor__gt=0)),
                name="set_off_restraint_of_what",
            ),
            models.CheckConstraint(
                condition=Q(lifts=None, approval=None) | Q(lifts__isnull=False, approval__isnull=False),
                name="set_off_restraint_lifted_by_two",
            ),
            currency_stated("set_off_restraint_currency"),
        ]
        triggers = [
            append_only(),
            dated_now("noted_at", real=["recorded_at"], past=["served_at"]),
            lifts_restraint(),
        ]


# A payment names no attachment: this guard of payments reads them and is registered here.
pgtrigger.register(attached_held_back())(SettlementInstruction)
