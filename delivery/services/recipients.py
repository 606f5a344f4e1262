"""Declare who at the buyer has access, where the rights are limited to a person in charge or a department."""

from __future__ import annotations

from django.db import transaction

from delivery.errors import RecipientStands
from delivery.models import DeclaredRecipient, Entitlement
from delivery.models.recipients import DECLARED_SCOPES
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import belongs_to

from ..use_guards import DECLARATIONS_MAX
from .locking import lock_delivery, require_buyer

KIND = "recipient"
NOT_OURS = Label(
    "specify a member (usr_…) or program (app_…) of your organisation",
    "自組織の構成員（usr_…）またはプログラム（app_…）を指定してください",
)


TOO_MANY = Label(
    f"this delivery has had {DECLARATIONS_MAX} declarations, the most there may be; ask the operator",
    f"この提供の届出は上限の{DECLARATIONS_MAX}件に達しています。運営者にお問い合わせください",
)


@transaction.atomic
def declare_recipient(*, actor: Actor, entitlement: str, recipient: str, scope: str) -> DeclaredRecipient:
    """Declare a member or program of the buyer as its person in charge or of its department; as an owner of the buyer.

    Raises PermissionNeeded, ProofNeeded, NotTheBuyer, Missing, FieldInvalid, RecipientStands.
    """
    actor.require(Permission.MEMBERS_WRITE)
    actor.require_person()
    row = _own(actor, entitlement)
    if scope not in DECLARED_SCOPES:
        known = ", ".join(DECLARED_SCOPES)
        raise FieldInvalid("scope", Label(f"specify one of {known}", f"{known} から選んでください"))
    if not belongs_to(recipient, row.buyer_id):
        raise FieldInvalid("recipient", NOT_OURS)
    if _standing(row, recipient) is not None:
        raise RecipientStands(entitlement=entitlement, recipient=recipient)
    if row.recipients.count() >= DECLARATIONS_MAX:
        raise FieldInvalid("recipient", TOO_MANY)
    declared = DeclaredRecipient.objects.create(
        entitlement=row,
        recipient=recipient,
        scope=scope,
        declared_by=actor.identifier,
        declared_at=clock.now(),
    )
    record(
        kind="delivery.recipient_declared",
        subject=row.public_id,
        actor=actor,
        payload={"recipient": recipient, "scope": scope},
    )
    return declared


@transaction.atomic
def withdraw_recipient(*, actor: Actor, entitlement: str, recipient: str) -> DeclaredRecipient:
    """Withdraw a declaration: from now on the person or program begins no download by it. Raises Missing where none stands."""
    actor.require(Permission.MEMBERS_WRITE)
    actor.require_person()
    row = _own(actor, entitlement)
    declared = _standing(row, recipient)
    if declared is None:
        raise Missing(kind=KIND, identifier=recipient)
    declared.withdrawn_at, declared.withdrawn_by = clock.now(), actor.identifier
    declared.save(update_fields=["withdrawn_at", "withdrawn_by"])
    record(
        kind="delivery.recipient_withdrawn",
        subject=row.public_id,
        actor=actor,
        payload={"recipient": recipient, "scope": declared.scope},
    )
    return declared


def _own(actor: Actor, entitlement: str) -> Entitlement:
    delivery = lock_delivery(entitlement=entitlement, actor=actor)
    require_buyer(actor, delivery.entitlement)
    return delivery.entitlement


def _standing(row: Entitlement, recipient: str) -> DeclaredRecipient | None:
    return DeclaredRecipient.objects.filter(entitlement=row, recipient=recipient, withdrawn_at=None).first()
