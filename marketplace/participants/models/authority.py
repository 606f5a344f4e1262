"""Limits of authority, and the acts by which people committed their organisation."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MinorField, MomentField, TransactionIdField
from marketplace.kernel.guards import append_only, dated_now, own_transaction
from marketplace.kernel.identifiers import IDENTIFIER_LENGTH, IdentifierField

from ..authority import ROLES, LimitedAct
from ..authority_guards import limit_rightly_stated, within_authority
from .organisations import Organisation


class AuthorityLimit(models.Model):
    """Up to what value a role or a person commits the organisation alone, from a moment on.

    For one act and for a calendar month of Japan, in minor units of ``currency``; an amount that is missing does not limit,
    and a row without amounts takes the limit back. Of the rows for a role or person whose moment has come, the newest
    holds. ``approval``: of the second owner, for what allows more.

    Invariants: an owner of the organisation states it with a fresh proof; what allows nobody more holds at once; what allows
    more takes another owner, where there is one, and a whole business day. Append-only.
    """

    public_id = IdentifierField(prefix="alm")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=4, choices=LimitedAct.choices)
    role = models.CharField(max_length=12, blank=True, default="")
    person = models.CharField(max_length=IDENTIFIER_LENGTH, blank=True, default="")
    currency = models.CharField(max_length=3)
    per_act_minor = MinorField(null=True)
    per_month_minor = MinorField(null=True)
    stated_by = models.CharField(max_length=IDENTIFIER_LENGTH)
    stated_at = MomentField()
    effective_from = MomentField()
    approval = models.ForeignKey("approvals.Approval", on_delete=models.PROTECT, related_name="+", null=True)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(act=LimitedAct.SIGN, role__in=ROLES[LimitedAct.SIGN], person="")
                    | Q(act=LimitedAct.BUY, role__in=ROLES[LimitedAct.BUY], person="")
                    | Q(act__in=LimitedAct.values, role="", person__regex=PERSON_PATTERN)
                )
                & Q(currency__regex=r"^[A-Z]{3}$", stated_by__regex=PERSON_PATTERN)
                & (Q(per_act_minor=None) | Q(per_act_minor__gte=0))
                & (Q(per_month_minor=None) | Q(per_month_minor__gte=0)),
                name="authority_limit_of_what",
            ),
            models.CheckConstraint(
                condition=Q(effective_from__gte=F("stated_at")), name="authority_limit_not_before"
            ),
            models.UniqueConstraint(fields=["approval"], name="authority_limit_approved_once"),
        ]
        indexes = [models.Index(fields=["organisation", "act", "-id"], name="authority_limit_of")]
        triggers = [
            append_only(),
            dated_now("stated_at", real=["recorded_at"], stated=["effective_from"]),
            limit_rightly_stated(),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id


class Commitment(models.Model):
    """An act by which ``person`` committed the organisation, as soon as the organisation has stated limits.

    ``given_by`` is the person, or a program for which it answers or whose mandate it signed. ``subject`` is the negotiation
    whose contract was signed, or the trade that was secured. ``last_limit``: the newest statement of the organisation at that time.
    ``approval``: of the colleague who asked for it, if one did.

    Invariants: the person holds the role; the act and its month are within the limit that stands then, so it counts whose
    limit suffices, not who asked; the month is added up act by act, under a lock of the membership. Append-only.
    """

    public_id = IdentifierField(prefix="cmt")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=4, choices=LimitedAct.choices)
    role = models.CharField(max_length=12)
    person = models.CharField(max_length=IDENTIFIER_LENGTH)
    given_by = models.CharField(max_length=IDENTIFIER_LENGTH)
    currency = models.CharField(max_length=3)
    amount_minor = MinorField()
    subject = models.CharField(max_length=IDENTIFIER_LENGTH)
    last_limit = models.ForeignKey(AuthorityLimit, on_delete=models.PROTECT, related_name="+")
    approval = models.ForeignKey("approvals.Approval", on_delete=models.PROTECT, related_name="+", null=True)
    committed_at = MomentField()
    transaction = TransactionIdField(db_default=models.Func(function="pg_current_xact_id"))
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(act__in=LimitedAct.values, person__regex=PERSON_PATTERN)
                & Q(currency__regex=r"^[A-Z]{3}$", amount_minor__gte=0),
                name="commitment_of_what",
            ),
            models.UniqueConstraint(fields=["organisation", "act", "subject"], name="commitment_once"),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "person", "act", "currency", "committed_at"], name="commitment_month"
            )
        ]
        triggers = [
            append_only(),
            dated_now("committed_at", real=["recorded_at"]),
            own_transaction(),
            within_authority(),
        ]

    def __str__(self) -> str:
        """The public identifier."""
        return self.public_id
