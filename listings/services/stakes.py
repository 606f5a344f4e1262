"""State interests of third parties in a listing, by the seller or through the operator, and end them by two people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.events.schemas.listings import StakeMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.participants import queries as participants
from marketplace.participants.interest_queries import related_to, require_unrelated
from marketplace.participants.people_fields import checked_effective_day, checked_sha256

from ..models import Stake
from ..stake_errors import StakeEnded, StakeStands
from ..stake_kinds import StakeKind, StakeSource
from ..stake_models import HOLDER_LENGTH_MAX, REASON_LENGTH_MAX
from .locking import locked_listing

APPROVED_WITHIN: Final = timedelta(hours=72)


@transaction.atomic
def state_stake(
    *,
    actor: Actor,
    listing: str,
    holder: str,
    kind: str,
    since: date | None = None,
    evidence_sha256: str = "",
) -> Stake:
    """State that a third party has an interest in the data of a listing. Emits stake.moved.

    A person of the seller declares it; a person of the operator states what the third party claims. ``holder`` names an
    organisation or an office. Raises StakeStands, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ORGANISATION_WRITE, Permission.ADMISSION_WRITE)
    actor.require_person()
    is_claimed = actor.role is Role.OPERATOR
    actor.require(Permission.ADMISSION_WRITE if is_claimed else Permission.ORGANISATION_WRITE)
    if kind not in StakeKind.values:
        known = ", ".join(StakeKind.values)
        raise FieldInvalid("kind", Label(f"choose one of {known}", f"{known} から選んでください"))
    name, day = stated_text("holder", holder, HOLDER_LENGTH_MAX), checked_effective_day(since, "since")
    if evidence_sha256:
        checked_sha256("evidence_sha256", evidence_sha256)
    subject = locked_listing(actor, listing)
    require_unrelated(actor, subject.seller_id)
    stated = {"listing": subject, "holder": name, "kind": kind}
    same = Stake.objects.filter(**stated, ended_at=None).first()
    if same is not None:
        raise StakeStands(stake=same.public_id)
    row = Stake.objects.create(
        **stated,
        stated_as=StakeSource.CLAIMED if is_claimed else StakeSource.DECLARED,
        since=day,
        evidence_sha256=evidence_sha256,
        stated_by=actor.identifier,
        stated_at=clock.now(),
    )
    record(
        kind="listings.stake_stated",
        subject=row.public_id,
        actor=actor,
        payload={
            "listing": listing,
            "kind": kind,
            "stated_as": str(row.stated_as),
            "since": day.isoformat(),
            "evidence_sha256": evidence_sha256,
            "holder_commitment": commitment_to(row.salt, name),
        },
    )
    _tell(row, str(row.stated_as))
    return row


@record_refusals()
def end_stake(*, actor: Actor, stake: str, reason: str) -> Stake:
    """End an interest that is over when two people of the operator gave the command. Emits stake.moved.

    Raises SecondPersonNeeded, StakeEnded, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    row = (
        Stake.objects.select_for_update(of=("self",), no_key=True)
        .select_related("listing")
        .filter(public_id=stake)
        .first()
    )
    if row is None:
        raise Missing(kind="stake", identifier=stake)
    if row.ended_at is not None:
        raise StakeEnded(stake=stake, ended_at=row.ended_at.isoformat())
    require_unrelated(actor, row.listing.seller_id)
    approval = require_two_people(
        actor=actor,
        permission=Permission.ADMISSION_WRITE,
        organisation=actor.organisation or "",
        command="listings.end_stake",
        subject=stake,
        payload={"reason": why},
        expires_in=APPROVED_WITHIN,
        barred=related_to(row.listing.seller_id),
    )
    row.ended_at, row.ended_by = clock.now(), actor.identifier
    row.end_first_person, row.end_reason = approval.first_person, why
    row.save(update_fields=["ended_at", "ended_by", "end_first_person", "end_reason"])
    record(
        kind="listings.stake_ended",
        subject=stake,
        actor=actor,
        payload={
            "first_person": approval.first_person,
            "reason_commitment": commitment_to(row.salt, why),
        },
    )
    _tell(row, "ended")
    return row


def _tell(row: Stake, change: str) -> None:
    seller = participants.organisations_by_id([row.listing.seller_id])[row.listing.seller_id]
    emit(
        StakeMoved(
            stake=row.public_id,
            listing=row.listing.public_id,
            seller=seller.public_id,
            kind=str(row.kind),
            change=change,
        )
    )
