"""Mediators: a person of the operator's staff decides each dispute, declared to the sides, and a side may object once."""

from __future__ import annotations

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.notices.operator_tasks import finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.notices.texts import fill_label
from marketplace.participants.interest_queries import require_unrelated

from ...disputing import texts
from ...disputing.errors import CannotMediate, NoMediatorToObject
from ...disputing.models import Dispute, Mediator
from ...disputing.queries import standing_mediator
from ...states import DISPUTE, DisputeParty, label_of
from .candidates import ask_for_mediator, bar_of
from .opening import check_text
from .sides import locked_dispute, side_of, sides, tell

HAS_ONE = Label("the dispute has a mediator", "この異議には既に調停担当者がいます")


@transaction.atomic
def assign_mediator(*, actor: Actor, dispute: str, person: str) -> Dispute:
    """Name the mediator of an open dispute that has none, as who decides disputes; both sides are told, and may object once.

    Raises Missing, Recused, IllegalTransition, CannotMediate, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.DISPUTES_WRITE)
    actor.require_person()
    agreement, subject = locked_dispute(actor, dispute)
    require_unrelated(actor, *sides(subject, agreement).values())
    DISPUTE.target(state=subject.state, command="resolve", role=actor.role.value)
    why = HAS_ONE if standing_mediator(subject) is not None else bar_of(subject, agreement, person)
    if why is not None:
        raise CannotMediate(dispute=dispute, person=person, why=why.as_dict())
    row = Mediator.objects.create(
        dispute=subject, person=person, assigned_by=actor.identifier, assigned_at=clock.now()
    )
    record(
        kind="contracts.mediator_assigned",
        subject=row.public_id,
        actor=actor,
        payload={"dispute": dispute, "person": person},
    )
    for former in subject.mediators.exclude(pk=row.pk):
        finish_for_operator(TaskKind.LOOK_INTO, former.public_id)
    tell(subject, agreement, texts.ASSIGNED.fill(dispute=dispute, person=person))
    return subject


@transaction.atomic
def object_to_mediator(*, actor: Actor, dispute: str, reason: str) -> Dispute:
    """Object, as a side, to the mediator of an open dispute, once and with the reason; another person is then named.

    Raises Missing, IllegalTransition, NoMediatorToObject, Forbidden, FieldInvalid, PermissionNeeded.
    """
    actor.require(Permission.DELIVERIES_ANSWER)
    actor.require_person()
    why = check_text("reason", reason)
    agreement, subject = locked_dispute(actor, dispute)
    side = side_of(actor, subject, agreement)
    DISPUTE.target(state=subject.state, command="settle", role=side.value)
    row = standing_mediator(subject)
    if row is None or subject.mediators.filter(objected_by=side).exists():
        raise NoMediatorToObject(dispute=dispute)
    row.objected_by, row.objector, row.objection = side.value, actor.identifier, why
    row.objected_at = clock.now()
    row.save(update_fields=["objected_by", "objector", "objection", "objected_at"])
    record(
        kind="contracts.mediator_objected",
        subject=row.public_id,
        actor=actor,
        payload={
            "dispute": dispute,
            "party": side.value,
            "reason_commitment": commitment_to(row.salt, why),
        },
    )
    party = label_of(DisputeParty, side).as_dict()
    ask_for_mediator(subject, agreement, row, fill_label(texts.OBJECTED_BY, party=party))
    tell(subject, agreement, texts.OBJECTED.fill(dispute=dispute, party=party, person=row.person))
    return subject
