"""Decide cases, by two people, and carry out appeals that changed the first decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.states import advance
from marketplace.kernel.texts import stated_text
from marketplace.participants.admission_terms import NO_TERMS, AdmissionTerms
from marketplace.participants.interest_queries import related_to, require_unrelated
from marketplace.participants.relation_queries import is_relation_standing
from marketplace.participants.services import checked_terms
from marketplace.participants.suspension_queries import standing_suspensions
from marketplace.rules.queries import admission_ends_on

from ..errors import DecidedFirst, NothingToCarryOut, StillAffiliated, StillSuspended
from ..kinds import KINDS
from ..models import REASON_LENGTH_MAX, Case, Remedy
from ..queries import appealed_parties, deciders
from ..states import CASE, KEPT_MAX, OUTCOMES, CaseOutcome
from .telling import tell_moved

APPROVED_WITHIN: Final = timedelta(hours=72)
DECIDES: Final = (Permission.ADMISSION_WRITE, Permission.DISPUTES_WRITE)
"""Who decides cases: what is on hold, who admits participants; appeals, who decides disputes."""


@record_refusals()
def resolve_case(
    *,
    actor: Actor,
    case: str,
    outcome: str,
    reason: str,
    until: datetime | None = None,
    expires_on: date | None = None,
    conditions: Sequence[Mapping[str, Any]] = (),
) -> Case:
    """Decide a case when two people gave the same outcome and reason, and carry it out.

    ``until``: until when an admission is kept that the rules would not give now, at most 366 days. An admission may be allowed until
    ``expires_on`` and on ``conditions`` (``participants.services.checked_terms``).

    Neither has an interest in who waits or in a party of what is appealed, and of an appeal neither decided what is appealed. Emits case.moved. Raises
    SecondPersonNeeded, Recused, DecidedFirst, IllegalTransition, FieldInvalid, Missing, PermissionNeeded, ProofNeeded.
    """
    actor.require(*DECIDES)
    actor.require_person()
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    _lock_held(case)
    subject = locked_case(case)
    needed = Permission.DISPUTES_WRITE if subject.is_appeal else Permission.ADMISSION_WRITE
    actor.require(needed)
    terms = _checked_terms(subject, outcome, expires_on, conditions)
    _check_until(outcome, until)
    CASE.target(state=subject.state, command="resolve", role=actor.role.value)
    require_unrelated(actor, *_concerned(subject))
    stated = {
        "outcome": outcome,
        "reason": why,
        **_stated(until),
        **(terms.as_json() if terms.are_stated else {}),
    }
    first_person = _first_of_two(actor, subject, stated)
    _close(actor, subject, outcome=outcome, reason=why, until=until, first_person=first_person)
    if not subject.is_appeal:
        KINDS[subject.kind].carry_out(
            actor=actor,
            first_person=first_person,
            subject=subject.subject,
            outcome=outcome,
            reason=why,
            terms=terms,
        )
    tell_moved(subject, "resolved")
    return subject


def _close(
    actor: Actor, case: Case, *, outcome: str, reason: str, until: datetime | None, first_person: str
) -> None:
    """Close the case, and record it."""
    advance(
        case,
        CASE,
        command="resolve",
        role=actor.role.value,
        outcome=outcome,
        reason=reason,
        kept_until=until,
        first_person=first_person,
        resolved_by=actor.identifier,
        ended_at=clock.now(),
    )
    record(
        kind="cases.resolved",
        subject=case.public_id,
        actor=actor,
        payload={
            "subject": case.subject,
            "outcome": outcome,
            **_stated(until),
            "first_person": first_person,
            "reason_commitment": commitment_to(case.salt, reason),
        },
    )


def _first_of_two(actor: Actor, case: Case, payload: dict[str, Any]) -> str:
    """Who gave the same command first, and has neither become related nor decided. Raises DecidedFirst, SecondPersonNeeded."""
    first_deciders, is_related = deciders(case) | _decided_before(case), related_to(*_concerned(case))
    if actor.identifier in first_deciders:
        raise DecidedFirst(case=case.public_id, subject=case.subject)
    approval = require_two_people(
        actor=actor,
        permission=Permission.DISPUTES_WRITE if case.is_appeal else Permission.ADMISSION_WRITE,
        organisation=actor.organisation or "",
        command="cases.resolve",
        subject=case.public_id,
        payload=payload,
        expires_in=APPROVED_WITHIN,
        barred=lambda person: person in first_deciders or is_related(person),
    )
    return approval.first_person


def _decided_before(case: Case) -> set[str]:
    """Who decided what a case of this kind is about."""
    kind = KINDS.get(case.kind)
    return kind.decided(case.subject) if kind and kind.decided else set()


def _stated(until: datetime | None) -> dict[str, str]:
    return {"until": until.isoformat()} if until else {}


def _check_until(outcome: str, until: datetime | None) -> None:
    """Raise FieldInvalid unless a moment to come, soon enough, is stated for what is kept, and for nothing else."""
    if outcome != CaseOutcome.KEEP:
        if until is not None:
            raise FieldInvalid(
                "until", Label("state it only with the outcome keep", "維持（keep）の場合にのみ指定できます")
            )
        return
    now = clock.now()
    if until is None or not now < until <= now + KEPT_MAX:
        raise FieldInvalid(
            "until",
            Label(
                f"state until when it is kept: a moment to come, at most {KEPT_MAX.days} days ahead",
                f"維持する期限を、{KEPT_MAX.days}日以内の将来の時刻で指定してください",
            ),
        )


def _lock_held(case: str) -> None:
    """Lock what is on hold before its case, where other commands do."""
    held = Case.objects.filter(public_id=case).values_list("kind", "subject").first()
    kind = KINDS.get(held[0]) if held else None
    if held and kind and kind.lock:
        kind.lock(held[1])


def waiting_for(case: Case) -> list[int]:
    """The database keys of the organisations that wait for a case."""
    return [key for key in (case.organisation_id, case.counterparty_id) if key is not None]


def _concerned(case: Case) -> list[int]:
    """The database keys of those who wait for a case, and of both parties of what it appeals."""
    return [*waiting_for(case), *appealed_parties(case)]


@transaction.atomic
def carry_out(*, actor: Actor, case: str, how: str, reference: str = "") -> Case:
    """State how an appeal was carried out that changed the first decision; ends the operator's task. Emits case.moved.

    ``reference`` is the public identifier of what was done. A suspension, or a relation, is ended first, by two
    people. Raises NothingToCarryOut, StillSuspended, StillAffiliated, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    said = stated_text("how", how, REASON_LENGTH_MAX)
    subject = locked_case(case)
    require_unrelated(actor, *_concerned(subject))
    if subject.outcome != CaseOutcome.CHANGED or Remedy.objects.filter(case=subject).exists():
        raise NothingToCarryOut(case=case)
    if standing_suspensions(subject.organisation_id).filter(public_id=subject.subject).exists():
        raise StillSuspended(case=case, suspension=subject.subject)
    if is_relation_standing(subject.subject):
        raise StillAffiliated(case=case, relation=subject.subject)
    remedy = Remedy.objects.create(
        case=subject,
        how=said,
        reference=reference.strip(),
        carried_out_by=actor.identifier,
        carried_out_at=clock.now(),
    )
    record(
        kind="cases.carried_out",
        subject=case,
        actor=actor,
        payload={"how_commitment": commitment_to(remedy.salt, said), "reference": reference.strip()},
    )
    tell_moved(subject, "carried_out")
    return subject


def _checked_terms(
    case: Case, outcome: str, expires_on: date | None, conditions: Sequence[Mapping[str, Any]]
) -> AdmissionTerms:
    """The terms of an outcome of the case's kind; raises FieldInvalid for another outcome, or where the case takes no terms."""
    known = OUTCOMES[case.kind]
    if outcome not in known:
        listed = ", ".join(known)
        raise FieldInvalid("outcome", Label(f"choose one of {listed}", f"{listed} から選んでください"))
    if expires_on is None and not conditions:
        return NO_TERMS
    takes = not case.is_appeal and KINDS[case.kind].takes_terms and outcome == CaseOutcome.ALLOW
    if not takes:
        raise FieldInvalid(
            "conditions" if conditions else "expires_on",
            Label("only an admission is allowed on terms", "参加の承認にのみ付けられます"),
        )
    return checked_terms(expires_on=expires_on, conditions=conditions, else_until=admission_ends_on())


def locked_case(case: str) -> Case:
    """The case, locked until the transaction ends; raises Missing."""
    found = (
        Case.objects.select_for_update(of=("self",))
        .select_related("organisation", "counterparty")
        .filter(public_id=case)
        .first()
    )
    if found is None:
        raise Missing(kind="case", identifier=case)
    return found
