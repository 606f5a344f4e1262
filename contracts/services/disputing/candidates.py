"""Who may mediate a dispute, and whom the operator is asked to name where its mediator steps back."""

from __future__ import annotations

from django.db.models import Q

from marketplace.kernel import clock
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.notices.operator_tasks import ask_operator
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import standing_interests, unrelated_people
from marketplace.participants.people_queries import holds_for_operator

from ...disputing import texts
from ...disputing.models import Dispute, Mediator
from ...disputing.states import MAY_RETURN
from ...models import Agreement
from ...states import DisputeState
from .sides import sides

NO_HOLDER = Label(
    "it is no person of the operator who decides disputes", "紛争の裁定権限を持つ運営者の担当者ではありません"
)
RELATED = Label("it has declared an interest in a side", "当事者との利害関係が届け出られています")
DECIDED = Label(
    "it decided a dispute over this agreement before", "この契約に関する異議を以前に判断しています"
)
MEDIATED = Label("it mediated this dispute before", "この異議を既に担当しています")


def bar_of(dispute: Dispute, agreement: Agreement, person: str) -> Label | None:
    """Why the person may not mediate the dispute, if it may not."""
    if not holds_for_operator(person, Permission.DISPUTES_WRITE):
        return NO_HOLDER
    if standing_interests(person, *sides(dispute, agreement).values()).exists():
        return RELATED
    return _bar_of_past(dispute, person)


def _bar_of_past(dispute: Dispute, person: str) -> Label | None:
    decided = Dispute.objects.filter(agreement=dispute.agreement_id, state=DisputeState.RESOLVED)
    if decided.filter(Q(resolved_by=person) | Q(resolved_first=person)).exists():
        return DECIDED
    if dispute.mediators.filter(Q(relief=None) | ~Q(relief__in=MAY_RETURN), person=person).exists():
        return MEDIATED
    return None


def is_anybody_left(dispute: Dispute, agreement: Agreement) -> bool:
    """Whether somebody of the operator may mediate the dispute now."""
    people = unrelated_people(Permission.DISPUTES_WRITE, list(sides(dispute, agreement).values()))
    return any(_bar_of_past(dispute, person) is None for person in people)


def ask_for_mediator(dispute: Dispute, agreement: Agreement, former: Mediator, why: Label) -> None:
    """Ask the people of the operator to name another mediator than a former one; where none of them is left, to bring one in."""
    ask_operator(
        TaskKind.LOOK_INTO,
        former.public_id,
        deadline=dispute.decide_by if dispute.decide_by > clock.now() else None,
        title=texts.NAME_MEDIATOR if is_anybody_left(dispute, agreement) else texts.NOBODY_LEFT,
        needs=Permission.DISPUTES_WRITE,
        dispute=dispute.public_id,
        person=former.person,
        why=why.as_dict(),
    )
