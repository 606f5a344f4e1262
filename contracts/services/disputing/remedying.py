"""What was decided or settled is carried out: each remedy is ordered with its day, said done, or given to people of the operator."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from listings.rights import end_of
from marketplace.cases.on_call import HALT_LOOKED_AT_WITHIN, Duty
from marketplace.cases.on_call_queries import on_call_now
from marketplace.cases.texts import people_on_call
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.permissions import Permission
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.states import TaskKind

from ...disputing import texts
from ...disputing.adjustment_models import Adjustment
from ...disputing.models import Dispute, Remedy
from ...disputing.rules import HOLDING, REMEDY_DAYS
from ...disputing.states import RemedyKind
from ...ending.queries import charge_due
from ...models import Agreement
from ...states import DisputeOutcome, DisputeParty, DisputeState, Party, TerminationReason, label_of
from ..agreements import make_adjustment, terminate_agreement
from .expelling import propose_expulsion

ESCALATE: Final = Loop("contracts.escalate_remedies")
BATCH: Final = 200


def order_remedies(dispute: Dispute, agreement: Agreement, actor: Actor) -> None:
    """Order what the outcome of a dispute asks for, which the caller has locked with its agreement. Emits what it takes."""
    outcome, holds = DisputeOutcome(dispute.outcome or ""), dispute.opened_as in HOLDING
    if outcome in (DisputeOutcome.REFUND, DisputeOutcome.TERMINATION) and holds:
        _order(dispute, RemedyKind.MONEY_BACK)
    if dispute.amount_minor is not None:
        _order(dispute, RemedyKind.PRICE_ADJUSTED, _adjust(dispute, agreement).public_id)
    if outcome is DisputeOutcome.REDELIVERY:
        _order(dispute, RemedyKind.DELIVERED_AGAIN)
    if outcome is DisputeOutcome.STOP_OF_USE:
        _order(dispute, RemedyKind.USE_STOPPED)
    if dispute.expels:
        _order(dispute, RemedyKind.EXPULSION, propose_expulsion(dispute, agreement))
        remedy_done(dispute=dispute.public_id, kind=RemedyKind.EXPULSION)
    reason = _termination(dispute, outcome)
    if reason is not None:
        _order(dispute, RemedyKind.AGREEMENT_ENDED)
        terminate_agreement(
            agreement=agreement.public_id, reason_code=reason, cause=dispute.public_id, actor=actor
        )
        remedy_done(dispute=dispute.public_id, kind=RemedyKind.AGREEMENT_ENDED)


def _termination(dispute: Dispute, outcome: DisputeOutcome) -> TerminationReason | None:
    """Why the agreement ends at once; a refund before acceptance ends it when clearing has returned the money."""
    if outcome is DisputeOutcome.REFUND and dispute.accepted_at is not None:
        return TerminationReason.REFUNDED
    if outcome is not DisputeOutcome.TERMINATION:
        return None
    if dispute.state == DisputeState.SETTLED:
        return TerminationReason.SETTLED
    if dispute.opened_as == DisputeParty.SELLER:
        return TerminationReason.BUYER_BREACH
    return TerminationReason.SELLER_BREACH


def _order(dispute: Dispute, kind: RemedyKind, reference: str = "") -> None:
    now = clock.now()
    due_by = end_of(now.astimezone(clock.market_zone()), f"P{REMEDY_DAYS}D").astimezone(UTC)
    Remedy.objects.create(
        dispute=dispute, kind=kind.value, reference=reference, ordered_at=now, due_by=due_by
    )


def _adjust(dispute: Dispute, agreement: Agreement) -> Adjustment:
    """The adjustment of the price by the amount of the outcome; of what clearing returned by itself, nothing is returned again."""
    pays = Party.BUYER if dispute.outcome == DisputeOutcome.PAYMENT else Party.SELLER
    return make_adjustment(
        SYSTEM,
        agreement,
        debtor=pays,
        charge=charge_due(agreement, dispute.opened_at),
        amount_minor=dispute.amount_minor or 0,
        reason=f"異議の結果 / the outcome of a dispute ({dispute.public_id})",
        reason_code="dispute",
        within_left=True,
    )


@transaction.atomic
def remedy_done(*, kind: str, dispute: str = "", reference: str = "") -> bool:
    """Record that a remedy was carried out, found by its dispute or by its adjustment; False if none waits. Whoever carries it out says so."""
    found = {"dispute__public_id": dispute} if dispute else {"reference": reference}
    waiting = Remedy.objects.filter(**found, kind=str(kind), done_at=None, impossible_at=None)
    # Of two that are done at once, the second sees the first, and closes the task.
    if not Dispute.objects.select_for_update().filter(pk__in=waiting.values("dispute")).exists():
        return False
    remedy = waiting.select_for_update(of=("self",)).select_related("dispute").first()
    if remedy is None:
        return False
    remedy.done_at = clock.now()
    remedy.save(update_fields=["done_at"])
    record(
        kind="contracts.remedy_done",
        subject=remedy.dispute.public_id,
        actor=SYSTEM,
        payload={"remedy": str(kind)},
    )
    finish_if_over(remedy)
    return True


def finish_if_over(remedy: Remedy) -> None:
    """Close the task of the people who were asked for a remedy that ended, unless another of its dispute is open."""
    if remedy.escalated_at is not None and not open_remedies(remedy.dispute).exists():
        finish_for_operator(TaskKind.LOOK_INTO, remedy.dispute.public_id)


def escalate_remedies() -> int:
    """Ask the people on call to carry out what is overdue; returns how many disputes."""
    due = Remedy.objects.filter(done_at=None, impossible_at=None, escalated_at=None, due_by__lte=clock.now())
    aside = ESCALATE.standing_aside()
    rows = (
        due.exclude(dispute__public_id__in=aside)
        .order_by("due_by")
        .values_list("dispute__public_id", flat=True)
    )
    return ESCALATE.each(list(dict.fromkeys(rows[:BATCH])), _escalate)


@transaction.atomic
def _escalate(public_id: str) -> bool:
    dispute = Dispute.objects.select_for_update().get(public_id=public_id)
    now = clock.now()
    late = list(
        open_remedies(dispute).select_for_update().filter(escalated_at=None, due_by__lte=now).order_by("pk")
    )
    for remedy in late:
        remedy.escalated_at = now
        remedy.save(update_fields=["escalated_at"])
        ask_operator(
            TaskKind.LOOK_INTO,
            dispute.public_id,
            deadline=now + HALT_LOOKED_AT_WITHIN,
            title=texts.NOT_CARRIED_OUT,
            needs=Permission.DISPUTES_WRITE,
            dispute=dispute.public_id,
            remedy=label_of(RemedyKind, remedy.kind).as_dict(),
            on_call=people_on_call(on_call_now(Duty.DISPUTES)),
        )
    return bool(late)


def open_remedies(dispute: Dispute) -> QuerySet[Remedy]:
    """The remedies of a dispute that have not ended."""
    return Remedy.objects.filter(dispute=dispute, done_at=None, impossible_at=None)
