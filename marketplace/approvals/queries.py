"""Reads of approvals, in the scope of the caller."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission

from .models import Approval

READ_ALL = (Permission.MONEY_READ, Permission.CLEARING_READ, Permission.EVIDENCE_READ)
"""Who reads the money of an organisation, or its evidence, reads everything that its people ask each other."""


def visible_approvals(actor: Actor) -> QuerySet[Approval]:
    """Approvals of the actor's own organisation: those that it gave first or may approve; all of them for an auditor.

    No organisation sees those of another; the operator none but its own. The payload may hold what other roles of the
    organisation do not read, such as an account.
    """
    own = Approval.objects.filter(organisation=actor.organisation or "")
    if actor.may(*READ_ALL):
        return own
    given = Q(first_person=actor.identifier) | Q(permission__in=sorted(actor.permissions))
    return own.filter(given)
