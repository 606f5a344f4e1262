"""Appeal what was decided against one's organisation, and withdraw appeals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text
from marketplace.participants.people_fields import checked_sha256
from marketplace.participants.relation_queries import stated_by_others
from marketplace.participants.suspension_queries import visible_suspensions
from marketplace.rules.queries import parameter, visible_decisions
from marketplace.rules.states import Outcome

from ..errors import AlreadyAppealed, AppealTooLate, NothingToAppeal
from ..models import DOCUMENTS_MAX, STATEMENT_LENGTH_MAX, Appeal, Case
from ..queries import undenied_cases, waits
from ..states import AGAINST, APPEALED, CASE, HELD, CaseKindCode, CaseState
from .opening import case_times, record_opened
from .resolving import locked_case
from .telling import tell_moved

APPEALED_WITHIN: Final = "appeal_days"
NAME_LENGTH_MAX: Final = 200


@transaction.atomic
def file_appeal(
    *, actor: Actor, subject: str, statement: str, documents: Sequence[dict[str, str]] = ()
) -> Case:
    """Appeal a decision of hold or deny, a case decided against the actor's organisation, its suspension, or a relation of it
    that another stated.

    Within ``appeal_days``; two people decide who did not decide it first. ``documents``: ``{"name", "sha256"}`` each, which
    the organisation keeps ready. Emits case.moved. Raises NothingToAppeal, AppealTooLate, AlreadyAppealed, FieldInvalid,
    Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ORGANISATION_WRITE)
    organisation_id = actor.require_organisation()
    if actor.role is not Role.PARTICIPANT:
        # The operator sees what was decided against others; against itself it decides nothing.
        raise Forbidden(needed=Label("a participant whom the decision is against", "判断を受けた参加者"))
    said = stated_text("statement", statement, STATEMENT_LENGTH_MAX)
    named = _checked_documents(documents)
    decided_at, decision = _appealed(actor, subject)
    until = decided_at + timedelta(days=parameter(APPEALED_WITHIN))
    if clock.now() > until:
        raise AppealTooLate(subject=subject, until=until.isoformat())
    case = _new_appeal(organisation_id, subject, decision)
    appeal = Appeal.objects.create(
        case=case, statement=said, documents=named, filed_by=actor.identifier, filed_at=clock.now()
    )
    record_opened(
        case,
        actor,
        statement_commitment=commitment_to(appeal.salt, said),
        documents_commitment=commitment_to(appeal.salt, digest_of({"documents": named})),
    )
    tell_moved(case, "opened")
    return case


def _new_appeal(organisation_id: int, subject: str, decision: str) -> Case:
    earlier = Case.objects.filter(kind=CaseKindCode.APPEAL, subject=subject, organisation_id=organisation_id)
    try:
        with transaction.atomic():
            return Case.objects.create(
                kind=CaseKindCode.APPEAL.value,
                subject=subject,
                thread=subject,
                organisation_id=organisation_id,
                decision=decision,
                **case_times(),
            )
    except IntegrityError:
        found = earlier.values_list("public_id", flat=True).first()
        if found is None:
            raise
        raise AlreadyAppealed(subject=subject, case=found) from None


@transaction.atomic
def withdraw_appeal(*, actor: Actor, case: str) -> Case:
    """Withdraw an own appeal that is not decided. Emits case.moved. Raises IllegalTransition, Missing, PermissionNeeded."""
    actor.require(Permission.ORGANISATION_WRITE)
    subject = locked_case(case)
    if subject.organisation_id != actor.organisation_id or not subject.is_appeal:
        raise Missing(kind="case", identifier=case)
    advance(subject, CASE, command="withdraw", role=actor.role.value, ended_at=clock.now())
    record(kind="cases.withdrawn", subject=case, actor=actor, payload={"subject": subject.subject})
    tell_moved(subject, "withdrawn")
    return subject


def _appealed(actor: Actor, subject: str) -> tuple[datetime, str]:
    """When what is appealed was decided, and the decision of the rules behind it. Raises NothingToAppeal, Missing."""
    kind = APPEALED.get(subject.partition("_")[0])
    if kind == "case":
        case = Case.objects.filter(waits(actor.require_organisation()), public_id=subject).first()
        if case is not None:
            if case.kind not in HELD or case.state != CaseState.RESOLVED or case.outcome not in AGAINST:
                raise NothingToAppeal(subject=subject)
            return case.ended_at or case.opened_at, case.decision
    elif kind == "decision":
        decision = visible_decisions(actor).filter(public_id=subject).first()
        if decision is not None:
            # What its case decides is appealed then; a case that allowed it leaves nothing to appeal.
            is_open = undenied_cases(actor.require_organisation(), subject, decision.subject).exists()
            if decision.outcome not in (Outcome.HOLD, Outcome.DENY) or is_open:
                raise NothingToAppeal(subject=subject)
            return decision.decided_at, subject
    elif kind == "suspension":
        suspension = visible_suspensions(actor).filter(public_id=subject).first()
        if suspension is not None and suspension.organisation_id == actor.organisation_id:
            return suspension.suspended_at, ""
    elif kind == "relation":
        relation = stated_by_others(actor.require_organisation()).filter(public_id=subject).first()
        if relation is not None:
            return relation.stated_at, ""
    raise Missing(kind="subject", identifier=subject)


def _checked_documents(documents: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    if len(documents) > DOCUMENTS_MAX:
        raise FieldInvalid(
            "documents", Label(f"name at most {DOCUMENTS_MAX}", f"{DOCUMENTS_MAX}件以内にしてください")
        )
    return [
        {
            "name": stated_text(f"documents.{place}.name", str(document.get("name", "")), NAME_LENGTH_MAX),
            "sha256": checked_sha256(f"documents.{place}.sha256", str(document.get("sha256", ""))),
        }
        for place, document in enumerate(documents)
    ]
