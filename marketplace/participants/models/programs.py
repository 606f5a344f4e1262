"""Programs that act for organisations."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from oauth2_provider.models import AbstractApplication

from marketplace.kernel import clock
from marketplace.kernel.columns import MomentField
from marketplace.kernel.guards import immutable, no_delete, set_once
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import SCOPES

from ..bounds import PROGRAM_VALID, SECRETS_OVERLAP_MAX
from ..guards import programs_answered_for
from ..suspension_guards import begun_by_active
from .organisations import Organisation
from .people import User


class Application(AbstractApplication):
    """A program that acts for an organisation over the API, by OAuth 2 client credentials.

    ``responsible`` is the person who answers for it: what that person may not do, the program may not either.
    ``next_responsible`` is offered to take it over. ``scopes`` bounds what its tokens may do. ``issued_secret`` is the
    secret in clear text, set on the object that makes it and never stored; ``previous_secret`` is the hash of the one
    before, good until ``previous_until``. Moments are of real time. Invariants: the responsible person was a member of the
    organisation when it became that, and took the program over itself; scopes are those that programs may have, and only
    become fewer; a secret lives for a year at most, and beside its successor for a day; a revoked program stays revoked.
    """

    public_id = IdentifierField(prefix="app")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    responsible = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    next_responsible = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    scopes = ArrayField(models.CharField(max_length=30))
    secret_made_at = MomentField(db_default=Now())
    previous_secret = models.CharField(max_length=255, blank=True, default="")
    previous_until = MomentField(null=True)
    # Without a statement it has expired.
    expires_at = MomentField(db_default=Now())
    warned_at = MomentField(null=True)
    last_used_at = MomentField(null=True)
    revoked_at = MomentField(null=True)
    revoked_by = models.CharField(max_length=31, null=True)

    issued_secret: str | None = None

    class Meta(AbstractApplication.Meta):
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=sorted(name.value for name in SCOPES))
                & Q(scopes__len__gt=0),
                name="application_scopes",
            ),
            models.CheckConstraint(
                condition=Q(authorization_grant_type="client-credentials"), name="application_grant_type"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("secret_made_at") + PROGRAM_VALID)
                & (
                    Q(previous_secret="", previous_until=None)
                    | ~Q(previous_secret="")
                    & Q(previous_until__lte=F("secret_made_at") + SECRETS_OVERLAP_MAX)
                ),
                name="application_secrets_end",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="application_revoked_by",
            ),
        ]
        indexes = [models.Index("expires_at", name="application_expiring", condition=Q(revoked_at=None))]
        triggers = [
            immutable("public_id", "organisation_id"),
            set_once("revoked_at", "revoked_by"),
            no_delete(),
            programs_answered_for(),
            begun_by_active(),
        ]

    def is_usable(self, request: Any) -> bool:
        """Whether it gets tokens: not once it is revoked or has expired. The token library asks."""
        return self.revoked_at is None and self.expires_at > clock.real_now()
