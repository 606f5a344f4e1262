"""Reads of approvals, in the scope of the caller."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission

from .models import Approval

READ_ALL = {
    Role.PARTICIPANT: Permission.MONEY_READ,
    Role.OPERATOR: Permission.EVIDENCE_READ,
    Role.SYSTEM: Permission.EVIDENCE_READ,
}
"""Who reads everything that people of a participant, or of the operator, ask each other. Of the operator the auditor alone:
what its people ask is about participants, such as a seal or a disqualification, and clearing reads their money, not that.
"""


def visible_approvals(actor: Actor) -> QuerySet[Approval]:
    """Approvals of the actor's own organisation: those that it gave first or may approve; all of them for who audits it.

    No organisation sees those of another; the operator none but its own. The payload may hold what other roles of the
    organisation do not read, such as an account.
    """
    own = Approval.objects.filter(organisation=actor.organisation or "")
    if reads_all(actor):
        return own
    given = Q(first_person=actor.identifier) | Q(permission__in=sorted(actor.permissions))
    return own.filter(given)


def reads_all(actor: Actor) -> bool:
    """Whether the actor reads everything that people of its organisation ask each other."""
    return actor.may(READ_ALL[actor.role])


def permission_for(approval: str) -> Permission:
    """The permission that both people of an approval (public identifier) hold."""
    return Permission(Approval.objects.values_list("permission", flat=True).get(public_id=approval))
