"""Queries on attachments."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission

from ..models import Attachment, MessageDisclosure, Proposal


def visible_attachments(actor: Actor) -> QuerySet[Attachment]:
    """Attachments of the actor's negotiations, without their content; for the operator those that a party disclosed with the messages, to
    whom disputes or support are work."""
    rows = Attachment.objects.defer("content").select_related("proposal__negotiation")
    own = actor.organisation_id
    if not actor.may_see():
        return rows.filter(Q(proposal__negotiation__buyer_id=own) | Q(proposal__negotiation__seller_id=own))
    if not actor.may(Permission.DISPUTES_WRITE, Permission.SUPPORT_WRITE):
        return rows.none()
    standing = MessageDisclosure.objects.filter(
        negotiation=OuterRef("proposal__negotiation"), revoked_at=None
    )
    return rows.filter(Exists(standing))


def annexes_of(proposal: Proposal) -> list[dict[str, Any]]:
    """The files beside a proposal, as the contract over it names them, in order."""
    return [row.annex() for row in proposal.attachments.defer("content").order_by("number")]
