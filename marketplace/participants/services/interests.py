"""Declare interests of the operator's staff in organisations, and end them by two others."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals

from ..interest_errors import InterestEnded, InterestStands
from ..interests import InterestKind
from ..models import Organisation, StaffInterest
from ..models.interests import STATEMENT_LENGTH_MAX
from ..people_fields import checked_effective_day, required_text
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

    A person of the operator declares its own; who admits participants also that of a colleague, ``person``. Raises
    InterestStands, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
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
    said, day = _said("statement", statement), checked_effective_day(since)
    subject = Organisation.objects.filter(public_id=organisation, is_operator=False).first()
    if subject is None:
        raise Missing(kind="organisation", identifier=organisation)
    same = StaffInterest.objects.filter(
        person=concerned, organisation=subject, kind=kind, ended_at=None
    ).first()
    taken = InterestStands(interest=same.public_id if same else organisation)
    if same is not None:
        raise taken
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
            "statement_sha256": sha256_hex(said.encode()),
        },
    )
    return interest


@record_refusals()
def end_interest(*, actor: Actor, interest: str, reason: str) -> StaffInterest:
    """End a declared interest when two people who admit participants gave the command, neither the person concerned.

    Raises SecondPersonNeeded, InterestEnded, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    why = _said("reason", reason)
    subject = (
        StaffInterest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation")
        .filter(public_id=interest)
        .first()
    )
    if subject is None:
        raise Missing(kind="interest", identifier=interest)
    if subject.ended_at is not None:
        raise InterestEnded(interest=interest, ended_at=subject.ended_at.isoformat())
    if actor.identifier == subject.person:
        raise Forbidden(needed=Label("two others than the person concerned", "本人以外の担当者二名"))
    approval = require_two_people(
        actor=actor,
        permission=Permission.ADMISSION_WRITE,
        organisation=actor.organisation or "",
        command="participants.end_interest",
        subject=interest,
        payload={"reason": why},
        expires_in=APPROVED_WITHIN,
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
            "reason_sha256": sha256_hex(why.encode()),
        },
    )
    return subject


def _said(field: str, text: str) -> str:
    said = required_text(field, text)
    if len(said) > STATEMENT_LENGTH_MAX or "\x00" in said:
        raise FieldInvalid(
            field,
            Label(
                f"use at most {STATEMENT_LENGTH_MAX} characters",
                f"{STATEMENT_LENGTH_MAX}字以内で入力してください",
            ),
        )
    return said
