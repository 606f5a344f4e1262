"""The conclusion of an agreement that the rules put on hold: its case, and what two people decide in it."""

from __future__ import annotations

from marketplace.cases.services import open_case
from marketplace.cases.states import CaseKindCode
from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission
from marketplace.notices.services import move_deadlines
from marketplace.participants.interest_queries import require_unrelated
from marketplace.rules.queries import reasons_read
from marketplace.rules.services import DecisionView

from ..errors import ConclusionHeld
from ..models import Negotiation
from ..states import NegotiationState
from .moves import answer_by, locked
from .terminations import end

DENIED = "conclusion_denied"


def held(actor: Actor, negotiation: Negotiation, decision: DecisionView) -> ConclusionHeld:
    """The refusal of a conclusion that a decision puts on hold; opens its case, in which both parties wait. Emits case.moved."""
    case = open_case(
        kind=CaseKindCode.CONCLUSION.value,
        subject=negotiation.public_id,
        thread=negotiation.public_id,
        organisation_id=negotiation.buyer_id,
        counterparty_id=negotiation.seller_id,
        decision=decision.public_id,
    )
    return ConclusionHeld(
        negotiation=negotiation.public_id,
        outcome=decision.outcome,
        reasons=reasons_read(decision.public_id, actor.organisation or ""),
        case=case.public_id,
        decide_by=case.decide_by.isoformat(),
    )


def lock_held(subject: str) -> None:
    """Lock a negotiation (public identifier) before its case, as commands of its parties do."""
    Negotiation.objects.select_for_update().filter(public_id=subject).first()


def decide_conclusion(
    *, actor: Actor, first_person: str, negotiation: str, outcome: str, reason: str
) -> Negotiation:
    """Carry out, as the second person of the operator, how two people decided the case of a conclusion on hold.

    ``allow``: the buyer may sign again, and has as long anew to do so, if less is left. ``deny``: the negotiation ends, which emits
    negotiation.moved. Raises IllegalTransition, Recused, Missing, PermissionNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_second_to(first_person)
    subject = locked(actor, negotiation)
    require_unrelated(actor, subject.buyer_id, subject.seller_id)
    if outcome == "deny":
        end(subject, actor=actor, role="operator", reason_code=DENIED, reason=reason)
        return subject
    # What the seller signed stays open until its day in any case.
    open_until, anew = subject.respond_by, answer_by()
    if subject.state == NegotiationState.AGREED and (open_until is None or open_until < anew):
        subject.respond_by, subject.halts_counted_until = anew, None
        subject.save(update_fields=["respond_by", "halts_counted_until"])
        move_deadlines({negotiation: anew})
    return subject
