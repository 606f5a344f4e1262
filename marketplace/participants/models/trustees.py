"""Trustees whom a court appointed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.kernel.actors import PERSON_PATTERN
from marketplace.kernel.columns import MomentField
from marketplace.kernel.commitments import SaltField
from marketplace.kernel.guards import dated_now, immutable, no_delete, set_now, set_once, state_guard
from marketplace.kernel.identifiers import IdentifierField

from ..interest_guards import unrelated
from ..states import TRUSTEE, TrusteeState
from ..trustee_guards import trustee_by_two
from .people import User
from .suspensions import Suspension

_ORGANISATION = (
    "SELECT s.organisation_id FROM public.participants_suspension s WHERE s.id = NEW.suspension_id"
)


class TrusteeAppointment(models.Model):
    """A trustee (管財人) of an organisation in insolvency proceedings, as the court's document appoints it.

    One person of the operator's admission proposes with the document, another confirms; then the person of ``email`` is a
    member with the role of trustee. Personal data: never in an event or an evidence record.

    Invariants: two people of admission without an interest in it appoint, while the ``suspension`` for insolvency stands; nobody is a trustee without
    an appointment. Rows are never deleted.
    """

    public_id = IdentifierField(prefix="tru")
    salt = SaltField()
    suspension = models.ForeignKey(Suspension, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField()
    name = models.CharField(max_length=100)
    document = models.CharField(max_length=200)
    document_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=TrusteeState.choices, default=TrusteeState.PROPOSED)
    proposed_by = models.CharField(max_length=60)
    proposed_at = MomentField()
    ended_by = models.CharField(max_length=60, null=True)
    ended_at = MomentField(null=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    proposed_by__regex=PERSON_PATTERN,
                    document_sha256__regex=r"^[0-9a-f]{64}$",
                )
                & ~Q(document="")
                & ~Q(name=""),
                name="trustee_by_document",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", ended_by=None, ended_at=None, user=None)
                | Q(state="withdrawn", ended_by__isnull=False, ended_at__isnull=False, user=None)
                | Q(state="appointed", ended_by__regex=PERSON_PATTERN, ended_at__isnull=False)
                & Q(user__isnull=False)
                & ~Q(ended_by=F("proposed_by")),
                name="trustee_two_people",
            ),
            models.UniqueConstraint(
                fields=["suspension", "email"], condition=Q(state="proposed"), name="trustee_proposed_once"
            ),
        ]
        triggers = [
            state_guard(TRUSTEE),
            no_delete(),
            immutable(
                "public_id", "suspension_id", "salt", "email", "name", "document", "document_sha256", "proposed_by",
                "proposed_at",
            ),
            set_once("ended_by", "ended_at", "user_id"),
            dated_now("proposed_at"),
            set_now("ended_at"),
            trustee_by_two(),
            unrelated("proposed_by", "ended_by", of=_ORGANISATION),
        ]  # fmt: skip

    def __str__(self) -> str:
        """The public identifier, so that logs contain no name."""
        return self.public_id
