"""What is done about a login that is suspected, or whose second factor is lost."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField, TransactionIdField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import immutable, no_delete, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from ..bounds import SECOND_FACTOR_WAITS
from ..interest_guards import unrelated
from ..login_guards import released_by_two, reset_rightly
from ..states import SECOND_FACTOR_RESET, SecondFactorResetState
from .people import Membership, User

_ORGANISATIONS = "SELECT m.organisation_id FROM public.participants_membership m WHERE m.user_id = NEW.user_id AND m.ended_at IS NULL"
"""Whose people have the login that is locked."""


class LoginLock(models.Model):
    """A person of the operator locked a login on suspicion; two release it.

    The login ends with its sessions (``User.is_active``). ``transaction`` is that of the release. Invariants: one lock of a
    login at a time; two people of admission release it; nobody of
    them has an interest in an organisation of the person. Rows stay.
    """

    public_id = IdentifierField(prefix="lck")
    salt = SaltField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    locked_by = models.CharField(max_length=31)
    locked_at = MomentField()
    release_proposed_by = models.CharField(max_length=31, null=True)
    release_proposed_at = MomentField(null=True)
    released_by = models.CharField(max_length=31, null=True)
    released_at = MomentField(null=True)
    transaction = TransactionIdField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(released_at=None), name="loginlock_open_once"
            ),
            models.CheckConstraint(
                condition=Q(released_by=None, released_at=None)
                | Q(
                    released_by__regex=PERSON_PATTERN,
                    release_proposed_by__regex=PERSON_PATTERN,
                    released_at__isnull=False,
                )
                & ~Q(released_by=F("release_proposed_by")),
                name="loginlock_two_people",
            ),
        ]
        triggers = [
            no_delete(),
            immutable("public_id", "user_id", "reason", "salt", "locked_by", "locked_at"),
            set_once("released_by", "released_at"),
            released_by_two(),
            unrelated("locked_by", "release_proposed_by", "released_by", of=_ORGANISATIONS),
        ]


class SecondFactorReset(models.Model):
    """An owner takes from a member who lost it the second factor, so that it sets up another one; after a waiting time.

    ``ends_at``: when the waiting time ends, or until when a second owner confirms; business time. Invariants: an owner asks, for another; at the operator a second
    owner confirms; nothing is taken before the end of the waiting time. Rows stay.
    """

    public_id = IdentifierField(prefix="mfr")
    salt = SaltField()
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    state = models.CharField(max_length=8, choices=SecondFactorResetState.choices)
    asked_by = models.CharField(max_length=31)
    asked_at = MomentField()
    confirmed_by = models.CharField(max_length=31, null=True)
    ends_at = MomentField()
    ended_by = models.CharField(max_length=31, null=True)
    ended_at = MomentField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(state__in=("proposed", "waiting")),
                name="secondfactorreset_open_once",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("asked_at") + SECOND_FACTOR_WAITS), name="secondfactorreset_waits"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None)
                | Q(confirmed_by__regex=PERSON_PATTERN) & ~Q(confirmed_by=F("asked_by")),
                name="secondfactorreset_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("proposed", "waiting"), ended_at=None, ended_by=None)
                | Q(state__in=("done", "stopped"), ended_at__isnull=False, ended_by__isnull=False),
                name="secondfactorreset_ended_when",
            ),
        ]
        indexes = [models.Index("ends_at", name="secondfactorreset_due", condition=Q(state="waiting"))]
        triggers = [
            state_guard(SECOND_FACTOR_RESET),
            no_delete(),
            immutable("public_id", "membership_id", "reason", "salt", "asked_by", "asked_at"),
            set_once("confirmed_by", "ended_by", "ended_at"),
            reset_rightly(),
        ]
