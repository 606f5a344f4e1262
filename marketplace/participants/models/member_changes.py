"""Changes of what members may do, with who decided them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField, TransactionIdField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from ..membership_guards import changed_rightly
from ..states import MEMBER_CHANGE, MemberChangeKind, MemberChangeState, MemberRole
from .people import Membership


class MemberChange(models.Model):
    """A role is granted or revoked, or a membership ends; proposed by one person, and confirmed by another where it takes two.

    ``role`` is empty where the membership ends. ``transaction`` is that in which it was done. Invariants: an owner of the
    organisation, or the member itself, proposes; another owner confirms what takes two; a trustee takes access away alone. Rows
    are history and stay.
    """

    public_id = IdentifierField(prefix="mch")
    salt = SaltField()
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=MemberChangeKind.choices)
    role = models.CharField(max_length=12, choices=MemberRole.choices, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    state = models.CharField(max_length=9, choices=MemberChangeState.choices, default=MemberChangeState.DONE)
    proposed_by = models.CharField(max_length=31)
    proposed_at = MomentField()
    confirmed_by = models.CharField(max_length=31, null=True)
    expires_at = MomentField()
    ended_at = MomentField(null=True)
    transaction = TransactionIdField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "kind", "role"],
                condition=Q(state="proposed"),
                name="memberchange_proposed_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="end", role="")
                | Q(kind__in=("grant", "revoke"), role__in=MemberRole.values),
                name="memberchange_kind",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None)
                | Q(state="done", confirmed_by__regex=PERSON_PATTERN) & ~Q(confirmed_by=F("proposed_by")),
                name="memberchange_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") ^ Q(ended_at__isnull=False), name="memberchange_ended_when"
            ),
        ]
        indexes = [models.Index("expires_at", name="memberchange_lapsing", condition=Q(state="proposed"))]
        triggers = [
            state_guard(MEMBER_CHANGE),
            no_delete(),
            immutable("public_id", "membership_id", "kind", "role", "reason", "salt", "proposed_by", "proposed_at", "expires_at"),
            set_once("confirmed_by", "ended_at"),
            changed_rightly(),
        ]  # fmt: skip
