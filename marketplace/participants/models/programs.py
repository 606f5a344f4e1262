"""Programs that act for organisations."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from oauth2_provider.models import AbstractApplication

from marketplace.kernel.guards import immutable
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import SCOPES

from ..guards import programs_answered_for
from ..suspension_guards import begun_by_active
from .organisations import Organisation
from .people import User


class Application(AbstractApplication):
    """A program that acts for an organisation over the API, by OAuth 2 client credentials.

    ``responsible`` is the person who answers for it: what that person may not do, the program may not either.
    ``scopes`` bounds what its tokens may do. ``issued_secret`` is the secret in clear text, set on the object that
    creates the row and never stored. Invariants: the responsible person was a member of the organisation when the
    program was made; scopes are those that programs may have.
    """

    public_id = IdentifierField(prefix="app")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    responsible = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=30))

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
        ]
        triggers = [
            immutable("public_id", "organisation_id", "responsible_id", "scopes"),
            programs_answered_for(),
            begun_by_active(),
        ]
