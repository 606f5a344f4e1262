"""What became of adjustments of prices: what moved carries out its remedy, and what did not counts as returned nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.cases.on_call import HALT_LOOKED_AT_WITHIN, Duty
from marketplace.cases.on_call_queries import on_call_now
from marketplace.cases.texts import people_on_call
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money as Amount
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.notices import services as notices
from marketplace.notices.operator_tasks import ask_operator
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import require_unrelated

from ...disputing import texts
from ...disputing.adjustment_models import Adjustment
from ...disputing.errors import NotToBeEnded
from ...disputing.models import Dispute, Remedy
from ...disputing.states import Impossible, RemedyKind
from ...states import DisputeOutcome, Party, label_of
from .opening import check_text
from .remedying import finish_if_over, remedy_done
from .sides import locked_dispute, sides, tell

CONFIRMED_WITHIN: Final = timedelta(days=7)


@transaction.atomic
def adjustment_carried_out(*, adjustment: str, moved_minor: int) -> None:
    """Record what of an adjustment became an obligation, without tax; clearing says so, once, in the transaction in which it makes it.

    What moved carries out the remedy that ordered it. Where nothing moved, the remedy ends if nothing was left to return, and else its
    mediator is asked what replaces it. An identifier that is of no adjustment is left alone.
    """
    row = Adjustment.objects.select_for_update(of=("self",)).select_related("agreement").filter(
        public_id=adjustment, unmoved_at=None
    ).first()  # fmt: skip
    if row is None:
        return
    if moved_minor < row.amount_minor:
        _record_unmoved(row, row.amount_minor - moved_minor)
    if moved_minor:
        remedy_done(reference=adjustment, kind=RemedyKind.PRICE_ADJUSTED)
        return
    dispute = Dispute.objects.select_for_update().filter(remedies__reference=adjustment).first()
    remedy = Remedy.objects.select_for_update().filter(reference=adjustment, impossible_at=None).first()
    if dispute is None or remedy is None:
        return
    if row.debtor == Party.SELLER and dispute.outcome != DisputeOutcome.TERMINATION:
        _end(
            dispute,
            remedy,
            because=Impossible.CAME_BACK,
            reason=_both(texts.PAID_NOTHING),
            replaced_by=_both(texts.CAME_BACK),
        )
        return
    _ask_for_replacement(dispute, remedy)


def _record_unmoved(row: Adjustment, unmoved_minor: int) -> None:
    """Record what did not move of a locked adjustment, and tell both parties."""
    record(
        kind="contracts.adjustment_unmoved",
        subject=row.public_id,
        actor=SYSTEM,
        payload={"agreement": row.agreement.public_id, "charge": row.charge, "unmoved_minor": unmoved_minor},
    )
    row.unmoved_minor, row.unmoved_at = unmoved_minor, clock.now()
    row.save(update_fields=["unmoved_minor", "unmoved_at"])
    money = Amount(unmoved_minor, row.currency)
    wording = texts.UNMOVED.fill(
        agreement=row.agreement.public_id,
        adjustment=row.public_id,
        charge=str(row.charge),
        unmoved={"ja": money.format("ja"), "en": money.format("en")},
    )
    parties = (row.agreement.buyer_id, row.agreement.seller_id)
    notices.send_notices(subject=row.agreement.public_id, wordings=dict.fromkeys(parties, wording))


def _both(label: Label) -> str:
    return f"{label.ja} / {label.in_language('en')}"


def _ask_for_replacement(dispute: Dispute, remedy: Remedy) -> None:
    """Ask the mediator what replaces a remedy that clearing cannot carry out."""
    now = clock.now()
    if remedy.escalated_at is None:
        remedy.escalated_at = now
        remedy.save(update_fields=["escalated_at"])
    ask_operator(
        TaskKind.LOOK_INTO,
        dispute.public_id,
        deadline=now + HALT_LOOKED_AT_WITHIN,
        title=texts.CANNOT_CARRY_OUT,
        needs=Permission.DISPUTES_WRITE,
        dispute=dispute.public_id,
        remedy=label_of(RemedyKind, remedy.kind).as_dict(),
        person=dispute.resolved_by or "-",
        on_call=people_on_call(on_call_now(Duty.DISPUTES)),
    )


@record_refusals()
def end_remedy(*, actor: Actor, dispute: str, kind: str, reason: str, replaced_by: str) -> Dispute:
    """End a remedy that cannot be carried out, as two people of the operator who were asked for it, and say what replaces it.

    Both sides are told. Raises Missing, Recused, NotToBeEnded, SecondPersonNeeded, FieldInvalid, PermissionNeeded, ProofNeeded,
    Forbidden.
    """
    actor.require(Permission.DISPUTES_WRITE)
    actor.require_person()
    why, instead = check_text("reason", reason), check_text("replaced_by", replaced_by)
    agreement, subject = locked_dispute(actor, dispute)
    require_unrelated(actor, *sides(subject, agreement).values())
    remedy = (
        Remedy.objects.select_for_update()
        .filter(dispute=subject, kind=kind, done_at=None, impossible_at=None, escalated_at__isnull=False)
        .first()
    )
    if remedy is None:
        raise NotToBeEnded(dispute=dispute, kind=kind)
    approval = require_two_people(
        actor=actor,
        permission=Permission.DISPUTES_WRITE,
        organisation=actor.organisation or "",
        command="contracts.end_remedy",
        subject=dispute,
        payload={"kind": kind, "reason": why, "replaced_by": instead},
        expires_in=CONFIRMED_WITHIN,
    )
    _end(
        subject, remedy, because=Impossible.BY_PEOPLE, reason=why, replaced_by=instead, actor=actor, first_person=approval.first_person,
    )  # fmt: skip
    return subject


def _end(
    dispute: Dispute,
    remedy: Remedy,
    *,
    because: Impossible,
    reason: str,
    replaced_by: str,
    actor: Actor = SYSTEM,
    first_person: str = "",
) -> None:
    remedy.impossible_at, remedy.because = clock.now(), because.value
    remedy.reason, remedy.replaced_by = reason, replaced_by
    remedy.ended_by, remedy.ended_first = actor.identifier, first_person
    remedy.save(
        update_fields=["impossible_at", "because", "reason", "replaced_by", "ended_by", "ended_first"]
    )
    record(
        kind="contracts.remedy_ended",
        subject=dispute.public_id,
        actor=actor,
        payload={
            "remedy": str(remedy.kind),
            "because": because.value,
            "reason_commitment": commitment_to(dispute.salt, reason),
            "replaced_by_commitment": commitment_to(dispute.salt, replaced_by),
            "first_person": first_person,
        },
    )
    finish_if_over(remedy)
    wording = texts.ENDED_OTHERWISE.fill(
        dispute=dispute.public_id,
        remedy=label_of(RemedyKind, remedy.kind).as_dict(),
        reason=reason,
        replaced_by=replaced_by,
    )
    tell(dispute, dispute.agreement, wording)
