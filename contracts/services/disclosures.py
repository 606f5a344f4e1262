"""A party lets the operator's staff read the messages of a negotiation, and takes that back."""

from __future__ import annotations

from django.db import transaction

from marketplace.events.schemas.contracts import MessagesDisclosed
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label

from ..disclosures.models import DISCLOSING, REFERENCE_LENGTH_MAX, MessageDisclosure
from ..errors import DisclosureRevoked, DisclosureStands
from ..models import Negotiation
from .moves import locked


@transaction.atomic
def disclose_messages(*, actor: Actor, negotiation: str, reference: str) -> MessageDisclosure:
    """Consent for the actor's organisation that staff reads the messages, for the case that ``reference`` names.

    Staff then needs an access too. Emits negotiation.disclosed. Raises DisclosureStands, FieldInvalid, Missing,
    PermissionNeeded, Forbidden.
    """
    actor.require(*DISCLOSING)
    actor.require_person()
    case = reference.strip()
    if not 0 < len(case) <= REFERENCE_LENGTH_MAX:
        raise FieldInvalid(
            "reference",
            Label(
                f"name the dispute or support case, in at most {REFERENCE_LENGTH_MAX} characters",
                f"紛争または問合せの番号を{REFERENCE_LENGTH_MAX}文字以内で入力してください",
            ),
        )
    subject = locked(actor, negotiation)
    if actor.role is not Role.PARTICIPANT:
        raise Missing(kind="negotiation", identifier=negotiation)
    own = actor.require_organisation()
    standing = MessageDisclosure.objects.filter(
        negotiation=subject, organisation_id=own, revoked_at=None
    ).first()
    if standing is not None:
        raise DisclosureStands(disclosure=standing.public_id)
    row = MessageDisclosure.objects.create(
        negotiation=subject,
        organisation_id=own,
        organisation_identifier=actor.organisation or "",
        reference=case,
        disclosed_by=actor.identifier,
        disclosed_at=clock.now(),
    )
    _tell(row, subject, actor, "disclosed")
    return row


@transaction.atomic
def revoke_disclosure(*, actor: Actor, disclosure: str) -> MessageDisclosure:
    """Take the consent back; nothing more is read. Emits negotiation.disclosed.

    Raises DisclosureRevoked, Missing, PermissionNeeded, Forbidden.
    """
    actor.require(*DISCLOSING)
    actor.require_person()
    row = (
        MessageDisclosure.objects.select_for_update(no_key=True)
        .filter(public_id=disclosure, organisation_id=actor.require_organisation())
        .first()
    )
    if row is None:
        raise Missing(kind="disclosure", identifier=disclosure)
    if row.revoked_at is not None:
        raise DisclosureRevoked(disclosure=disclosure)
    row.revoked_at, row.revoked_by = clock.now(), actor.identifier
    row.save(update_fields=["revoked_at", "revoked_by"])
    _tell(row, Negotiation.objects.get(pk=row.negotiation_id), actor, "revoked")
    return row


def _tell(row: MessageDisclosure, negotiation: Negotiation, actor: Actor, change: str) -> None:
    """Record it as evidence, and tell both parties."""
    record(
        kind=f"contracts.messages_{change}",
        subject=row.public_id,
        actor=actor,
        payload={
            "negotiation": negotiation.public_id,
            "organisation": row.organisation_identifier,
            "reference": row.reference,
        },
    )
    emit(
        MessagesDisclosed(
            negotiation=negotiation.public_id,
            disclosure=row.public_id,
            buyer=negotiation.buyer_identifier,
            seller=negotiation.seller_identifier,
            by=row.organisation_identifier,
            change=change,
        )
    )
