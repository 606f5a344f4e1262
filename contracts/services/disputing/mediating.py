"""Mediators: a person of the operator's staff decides each dispute, declared to the sides, and a side may object once."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import require_unrelated, standing_interests
from marketplace.participants.people_queries import holds_for_operator

from ...disputing import texts
from ...disputing.errors import CannotMediate, NoMediatorToObject
from ...disputing.models import Dispute, Mediator
from ...states import DISPUTE, DisputeParty, DisputeState, label_of
from .opening import check_text
from .sides import locked_dispute, side_of, sides, tell

NO_HOLDER = Label(
    "it is no person of the operator who decides disputes", "紛争の裁定権限を持つ運営者の担当者ではありません"
)
RELATED = Label("it has declared an interest in a side", "当事者との利害関係が届け出られています")
DECIDED = Label(
    "it decided a dispute over this agreement before", "この契約に関する異議を以前に判断しています"
)
OBJECTED_TO = Label("it mediated this dispute before", "この異議を既に担当しています")


@transaction.atomic
def assign_mediator(*, actor: Actor, dispute: str, person: str) -> Dispute:
    """Name the mediator of an open dispute that has none, as who decides disputes; both sides are told, and may object once.

    Raises Missing, Recused, IllegalTransition, CannotMediate, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.DISPUTES_WRITE)
    actor.require_person()
    agreement, subject = locked_dispute(actor, dispute)
    organisations = sides(subject, agreement).values()
    require_unrelated(actor, *organisations)
    DISPUTE.target(state=subject.state, command="resolve", role=actor.role.value)
    why = _bar(subject, person, *organisations)
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


def _bar(dispute: Dispute, person: str, *organisations: int) -> Label | None:
    """Why the person may not mediate the dispute, if it may not."""
    decided = Dispute.objects.filter(agreement=dispute.agreement_id, state=DisputeState.RESOLVED)
    if not holds_for_operator(person, Permission.DISPUTES_WRITE):
        return NO_HOLDER
    if standing_interests(person, *organisations).exists():
        return RELATED
    if decided.filter(Q(resolved_by=person) | Q(resolved_first=person)).exists():
        return DECIDED
    if dispute.mediators.filter(Q(person=person) | Q(objected_at=None)).exists():
        return OBJECTED_TO
    return None


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
    row = subject.mediators.select_for_update().filter(objected_at=None).first()
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
    ask_operator(
        TaskKind.LOOK_INTO,
        row.public_id,
        title=texts.NAME_MEDIATOR,
        needs=Permission.DISPUTES_WRITE,
        dispute=dispute,
        party=party,
        person=row.person,
    )
    tell(subject, agreement, texts.OBJECTED.fill(dispute=dispute, party=party, person=row.person))
    return subject
