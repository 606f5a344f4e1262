"""Declare interests of the operator's staff in organisations, and end them by two others."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text

from ..interest_errors import InterestEnded, InterestStands, NobodyDecides
from ..interest_guards import ENDS
from ..interest_queries import related_to, require_unrelated, too_few_left, visible_interests
from ..interests import InterestKind
from ..models import Organisation, StaffInterest
from ..models.interests import STATEMENT_LENGTH_MAX
from ..people_fields import checked_effective_day
from ..queries import acts_for_operator
from ..uniqueness import translate_duplicates

APPROVED_WITHIN: Final = timedelta(hours=24)


@transaction.atomic
def declare_interest(
    *,
    actor: Actor,
    organisation: str,
    kind: str,
    statement: str,
    since: date | None = None,
    person: str | None = None,
) -> StaffInterest:
    """Declare an interest in a participant: from now on the person decides nothing about it.

    A person of the operator declares its own; who admits participants also that of a colleague, ``person``, if two others
    are left who decide. Raises InterestStands, NobodyDecides, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require_operator()
    actor.require_person()
    actor.require_fresh_proof()
    concerned = person or actor.identifier
    if concerned != actor.identifier:
        actor.require(Permission.ADMISSION_WRITE)
        if not acts_for_operator(concerned, Permission.OPERATOR_READ):
            raise FieldInvalid(
                "person", Label("name a person of the operator", "運営者の担当者を指定してください")
            )
    if kind not in InterestKind.values:
        known = ", ".join(InterestKind.values)
        raise FieldInvalid("kind", Label(f"choose one of {known}", f"{known} から選んでください"))
    said, day = (
        stated_text("statement", statement, STATEMENT_LENGTH_MAX),
        checked_effective_day(since, "since"),
    )
    subject = Organisation.objects.filter(public_id=organisation, is_operator=False).first()
    if subject is None:
        raise Missing(kind="organisation", identifier=organisation)
    same = StaffInterest.objects.filter(
        person=concerned, organisation=subject, kind=kind, ended_at=None
    ).first()
    taken = InterestStands(interest=same.public_id if same else organisation)
    if same is not None:
        raise taken
    if concerned != actor.identifier:
        _require_deciders_left(actor, concerned, subject)
    with translate_duplicates({"interest_stated_once": taken}):
        interest = StaffInterest.objects.create(
            person=concerned,
            organisation=subject,
            kind=kind,
            statement=said,
            since=day,
            declared_by=actor.identifier,
            declared_at=clock.now(),
        )
    record(
        kind="participants.interest_declared",
        subject=interest.public_id,
        actor=actor,
        payload={
            "person": concerned,
            "organisation": subject.public_id,
            "kind": kind,
            "since": day.isoformat(),
            "statement_commitment": commitment_to(interest.salt, said),
        },
    )
    return interest


def _require_deciders_left(actor: Actor, person: str, subject: Organisation) -> None:
    """Raise NobodyDecides where one person would recuse a colleague without whom fewer than two others decide."""
    Organisation.objects.select_for_update(no_key=True).get(is_operator=True)
    if too_few_left(person, actor.identifier, subject.pk):
        raise NobodyDecides(person=person, organisation=subject.public_id)


@record_refusals()
def end_interest(*, actor: Actor, interest: str, reason: str) -> StaffInterest:
    """End a declared interest when two people gave the command, neither the person concerned nor related themselves.

    Two who admit participants, or two owners of the operator. Raises SecondPersonNeeded, InterestEnded, Recused, FieldInvalid,
    Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(*ENDS)
    needed = next(permission for permission in ENDS if actor.may(permission))
    why = stated_text("reason", reason, STATEMENT_LENGTH_MAX)
    subject = (
        visible_interests(actor)
        .select_for_update(of=("self",), no_key=True)
        .filter(public_id=interest)
        .first()
    )
    if subject is None:
        raise Missing(kind="interest", identifier=interest)
    if subject.ended_at is not None:
        raise InterestEnded(interest=interest, ended_at=subject.ended_at.isoformat())
    if actor.identifier == subject.person:
        raise Forbidden(needed=Label("two others than the person concerned", "本人以外の担当者二名"))
    require_unrelated(actor, subject.organisation_id)
    approval = require_two_people(
        actor=actor,
        permission=needed,
        organisation=actor.organisation or "",
        command="participants.end_interest",
        subject=interest,
        payload={"reason": why},
        expires_in=APPROVED_WITHIN,
        barred=related_to(subject.organisation_id),
    )
    subject.ended_at, subject.ended_by = clock.now(), actor.identifier
    subject.end_first_person, subject.end_reason = approval.first_person, why
    subject.save(update_fields=["ended_at", "ended_by", "end_first_person", "end_reason"])
    record(
        kind="participants.interest_ended",
        subject=interest,
        actor=actor,
        payload={
            "person": subject.person,
            "organisation": subject.organisation.public_id,
            "first_person": approval.first_person,
            "reason_commitment": commitment_to(subject.salt, why),
        },
    )
    return subject
