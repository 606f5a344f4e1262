"""End disputes: the mediator decides them, or who opened one withdraws it."""

from __future__ import annotations

from django.db import transaction

from marketplace.events.schemas.contracts import DisputeResolved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.amounts import require_amount
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.notices import services as notices
from marketplace.notices.operator_tasks import finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import require_unrelated

from ...amending.queries import money_signed
from ...commissions.queries import require_reducible
from ...disputing.errors import NotHeard, NotItsMediator, OtherDisputeFirst, RemedyImpossible
from ...disputing.models import Dispute
from ...disputing.queries import standing_mediator
from ...disputing.rules import HOLDING, MAY_EXPEL, MAY_HAVE_AMOUNT, OUTCOMES, WITH_AMOUNT
from ...disputing.states import StatementKind
from ...ending.queries import access_over_at, charge_due, charge_left
from ...errors import AgreementEnded, PriceExceeded, RedeliveryTooLate
from ...models import Agreement
from ...states import DISPUTE, INSPECTED_ON, AgreementState, DisputeOutcome, DisputeParty, DisputeState
from .opening import check_text
from .remedying import order_remedies
from .settlement_moves import drop_settlements
from .sides import locked_dispute, side_of, sides

LIFELESS = (DisputeOutcome.DISMISSED, DisputeOutcome.WITHDRAWN)
"""Outcomes that change nothing, so they are possible after the agreement's end too."""
ENDS_AGREEMENT = (DisputeOutcome.REFUND, DisputeOutcome.TERMINATION)
ACCEPTED_BEFORE = Label(
    "the data was accepted before, and delivered data is delivered again only before acceptance",
    "検収済みのため再提供はできません",
)

NOT_EXPELLED = Label(
    "a decision that is no dismissal may propose to expel: {known}",
    "棄却以外の裁定では、次の当事者の除名を提案できます: {known}",
)
ALL_COMES_BACK = Label(
    "state no amount: nothing was accepted yet, and all that is on hold comes back by itself",
    "検収前の解除では確保中の代金が全額返金されます。金額は記載しないでください",
)


@transaction.atomic
def resolve_dispute(
    *,
    actor: Actor,
    dispute: str,
    outcome: str,
    reason: str,
    amount_minor: int | None = None,
    expels: str = "",
    first_person: str = "",
) -> Dispute:
    """Resolve a dispute, as its mediator or with it as the ``first_person``, with the reason: one of ``rules.OUTCOMES``.

    ``expels``: the party (``buyer`` or ``seller``) whose expulsion it proposes (``rules.MAY_EXPEL``), in a case that two others decide.

    ``amount_minor``, without tax, is that of a reduction or a payment, and of what comes back of accepted charges with a termination.
    Delivery and clearing carry out the outcome; each remedy has its day. After the agreement was terminated, the dispute is dismissed, or the price
    returned of what was inspected on; once access is over nothing is delivered again. Emits dispute.resolved. Raises Missing, Recused, IllegalTransition, AgreementEnded, NotItsMediator, NotHeard,
    OtherDisputeFirst, RemedyImpossible, PriceExceeded, ReducedWithoutFault, FieldInvalid, Forbidden.
    """
    agreement, subject = check_resolution(
        actor=actor, dispute=dispute, outcome=outcome, reason=reason, amount_minor=amount_minor, expels=expels
    )
    mediator = standing_mediator(subject)
    if mediator is None or mediator.person not in (actor.identifier, first_person):
        raise NotItsMediator(dispute=dispute, mediator=mediator.person if mediator else "")
    end_dispute(
        subject,
        agreement,
        actor=actor,
        command="resolve",
        role=actor.role.value,
        outcome=DisputeOutcome(outcome),
        amount_minor=amount_minor,
        finding=reason,
        first_person=first_person,
        expels=expels,
    )
    return subject


@transaction.atomic
def check_resolution(
    *,
    actor: Actor,
    dispute: str,
    outcome: str,
    reason: str,
    amount_minor: int | None = None,
    expels: str = "",
) -> tuple[Agreement, Dispute]:
    """The agreement and the dispute, both locked, if it may be resolved so; who gives it is asked by ``resolve_dispute``."""
    actor.require(Permission.DISPUTES_WRITE)
    if outcome not in DisputeOutcome.values:
        known = ", ".join(DisputeOutcome.values)
        raise FieldInvalid("outcome", Label(f"specify one of {known}", f"{known} から選んでください"))
    check_text("reason", reason)
    agreement, subject = locked_dispute(actor, dispute)
    require_unrelated(actor, *sides(subject, agreement).values())
    DISPUTE.target(state=subject.state, command="resolve", role=actor.role.value)
    decided = OUTCOMES[DisputeParty(subject.opened_as)]
    if outcome not in decided:
        known = ", ".join(decided)
        raise FieldInvalid("outcome", Label(f"specify one of {known}", f"{known} から選んでください"))
    may_expel = MAY_EXPEL[DisputeParty(subject.opened_as)]
    if expels and (outcome == DisputeOutcome.DISMISSED or expels not in may_expel):
        raise FieldInvalid("expels", NOT_EXPELLED.fill({"known": ", ".join(may_expel)}))
    require_possible(subject, agreement, DisputeOutcome(outcome), amount_minor)
    if outcome != DisputeOutcome.DISMISSED and not _is_heard(subject):
        raise NotHeard(dispute=dispute, answer_by=subject.answer_by.isoformat())
    return agreement, subject


def require_possible(
    dispute: Dispute,
    agreement: Agreement,
    outcome: DisputeOutcome,
    amount_minor: int | None,
    *,
    settled: bool = False,
) -> None:
    """Raise AgreementEnded, RedeliveryTooLate, OtherDisputeFirst, RemedyImpossible, PriceExceeded, ReducedWithoutFault or FieldInvalid
    unless the outcome can be carried out; ``settled``: the parties agree on it."""
    is_returnable = agreement.termination_reason in INSPECTED_ON and outcome == DisputeOutcome.REFUND
    if agreement.state == AgreementState.TERMINATED and outcome not in LIFELESS and not is_returnable:
        raise AgreementEnded(agreement=agreement.public_id)
    if outcome == DisputeOutcome.REDELIVERY:
        closed_at = access_over_at(agreement, dispute.opened_at)
        if closed_at is not None and closed_at <= clock.now():
            raise RedeliveryTooLate(dispute=dispute.public_id, closed_at=closed_at.isoformat())
    if outcome == DisputeOutcome.REDELIVERY and dispute.accepted_at is not None:
        raise RemedyImpossible(dispute=dispute.public_id, why=ACCEPTED_BEFORE.as_dict())
    others = agreement.disputes.filter(state=DisputeState.OPEN, opened_as__in=HOLDING).exclude(pk=dispute.pk)
    if outcome in ENDS_AGREEMENT and (other := others.first()):
        raise OtherDisputeFirst(agreement=agreement.public_id, dispute=other.public_id)
    if (outcome in WITH_AMOUNT and amount_minor is None) or (
        amount_minor is not None and outcome not in MAY_HAVE_AMOUNT
    ):
        raise FieldInvalid(
            "amount_minor",
            Label(
                f"state an amount with {', '.join(WITH_AMOUNT)}, and with no other outcome but termination",
                f"金額は {', '.join(WITH_AMOUNT)} に必ず、termination に任意で、その他には記載しないでください",
            ),
        )
    if amount_minor is not None and _comes_back_by_itself(dispute, outcome):
        raise FieldInvalid("amount_minor", ALL_COMES_BACK)
    if amount_minor is not None:
        require_amount("amount_minor", amount_minor)
        remaining = _payable(agreement, charge_due(agreement, dispute.opened_at), outcome)
        if amount_minor > remaining:
            raise PriceExceeded(agreement=agreement.public_id, remaining_minor=remaining)
    if _gives_back(dispute, outcome, amount_minor) and (settled or dispute.opened_as == DisputeParty.SELLER):
        require_reducible(agreement.public_id)


def _comes_back_by_itself(dispute: Dispute, outcome: DisputeOutcome) -> bool:
    """Whether a termination returns all by itself: what the buyer disputes before acceptance is on hold."""
    is_held = dispute.opened_as in HOLDING and dispute.accepted_at is None
    return outcome is DisputeOutcome.TERMINATION and is_held


def _payable(agreement: Agreement, charge: int, outcome: DisputeOutcome) -> int:
    """The most that an outcome can have paid, in minor units: what is left of the price of a charge, or, by the buyer in addition, as
    much as the price and what was returned of it."""
    left_minor = charge_left(agreement, charge)
    if outcome is DisputeOutcome.PAYMENT:
        return 2 * money_signed(agreement).charges[charge - 1].price_minor - left_minor
    return left_minor


def _gives_back(dispute: Dispute, outcome: DisputeOutcome, amount_minor: int | None) -> bool:
    """Whether something of the price comes back: of commissioned work it does by a decision that finds the seller at fault, or once the
    seller has admitted a fault."""
    if outcome is DisputeOutcome.TERMINATION:
        return amount_minor is not None or dispute.opened_as in HOLDING
    return outcome in (DisputeOutcome.REFUND, DisputeOutcome.REDUCTION)


def _is_heard(dispute: Dispute) -> bool:
    """Whether the other side has answered, or its silence stands; records the silence if its time is over."""
    if dispute.unanswered_at is not None or dispute.statements.filter(kind=StatementKind.ANSWER).exists():
        return True
    return record_silence(dispute)


def record_silence(dispute: Dispute) -> bool:
    """Record that a locked dispute was not answered in time; False while it may still be."""
    if clock.now() < dispute.answer_by:
        return False
    dispute.unanswered_at = clock.now()
    dispute.save(update_fields=["unanswered_at"])
    record(kind="contracts.dispute_unanswered", subject=dispute.public_id, actor=SYSTEM, payload={})
    return True


@transaction.atomic
def withdraw_dispute(*, actor: Actor, dispute: str, reason: str = "") -> Dispute:
    """Withdraw a dispute, as who opened it: what it held goes on, and a delivery in dispute counts as accepted.

    Emits dispute.resolved. Raises Missing, IllegalTransition, Forbidden, FieldInvalid, PermissionNeeded.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    actor.require_person()
    agreement, subject = locked_dispute(actor, dispute)
    side = side_of(actor, subject, agreement)
    DISPUTE.target(state=subject.state, command="withdraw", role=side.value)
    if side != subject.opened_as:
        raise Forbidden(needed=Label("who opened the dispute", "申立人"))
    end_dispute(
        subject,
        agreement,
        actor=actor,
        command="withdraw",
        role=side.value,
        outcome=DisputeOutcome.WITHDRAWN,
        finding=check_text("reason", reason) if reason else "取下げ / withdrawn",
    )
    return subject


def end_dispute(
    dispute: Dispute,
    agreement: Agreement,
    *,
    actor: Actor,
    command: str,
    role: str,
    outcome: DisputeOutcome,
    finding: str,
    amount_minor: int | None = None,
    first_person: str = "",
    expels: str = "",
) -> None:
    """End a locked dispute with an outcome, close what waits in it, and have the outcome carried out. Emits dispute.resolved."""
    advance(
        dispute,
        DISPUTE,
        command=command,
        role=role,
        outcome=outcome.value,
        amount_minor=amount_minor,
        finding=finding.strip(),
        resolved_by=actor.identifier,
        resolved_first=first_person,
        resolved_at=clock.now(),
        expels=expels,
    )
    drop_settlements(dispute)
    for mediator in dispute.mediators.all():
        # Who was objected to was to be replaced: nobody is any more.
        finish_for_operator(TaskKind.LOOK_INTO, mediator.public_id)
    record(
        kind=f"contracts.dispute_{dispute.state}",
        subject=dispute.public_id,
        actor=actor,
        payload={
            "agreement": agreement.public_id,
            "outcome": dispute.outcome,
            **({} if amount_minor is None else {"amount_minor": amount_minor}),
            **({"expels": expels} if expels else {}),
            "finding_commitment": commitment_to(dispute.salt, finding.strip()),
        },
    )
    emit(
        DisputeResolved(
            dispute=dispute.public_id,
            agreement=agreement.public_id,
            buyer=agreement.buyer_identifier,
            seller=agreement.seller_identifier,
            outcome=outcome.value,
            opened_as=str(dispute.opened_as),
            after_acceptance=dispute.accepted_at is not None,
        )
    )
    notices.close_tasks(thread=dispute.public_id, kinds=(TaskKind.ANSWER,))
    finish_for_operator(TaskKind.LOOK_INTO, dispute.public_id)
    order_remedies(dispute, agreement, actor)
