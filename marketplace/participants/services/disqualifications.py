"""Disqualify organisations and officers for a term, by two people, and end disqualifications."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from marketplace.approvals.services import require_two_people
from marketplace.events.schemas.participants import DisqualificationMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.commitments import commitment_to, new_salt
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text

from ..disqualification_errors import DisqualificationEnded, DisqualificationStands
from ..disqualification_grounds import DisqualificationGround, bare_name
from ..interest_queries import related_to, require_unrelated
from ..models import Disqualification, Organisation
from ..models.disqualifications import REASON_LENGTH_MAX, SOURCE_LENGTH_MAX
from ..people_fields import checked_effective_day, checked_sha256

APPROVED_WITHIN: Final = timedelta(hours=72)
YEARS_MAX: Final = 10
OFFICER_LENGTH_MAX: Final = 100


@record_refusals()
def disqualify(
    *,
    actor: Actor,
    organisation: str,
    ground: str,
    source: str,
    until: date,
    since: date | None = None,
    source_sha256: str = "",
    officer: str = "",
) -> Disqualification:
    """Disqualify an organisation, or an ``officer`` of it, until a day when two people gave the command.

    ``source``: what says so, with the SHA-256 of its copy if there is one. Of the officer's name only a salted commitment is kept.
    Emits disqualification.moved. Raises SecondPersonNeeded, DisqualificationStands, Recused, FieldInvalid, Missing,
    PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    stated = _checked(ground, source, source_sha256, since, until)
    name = bare_name(stated_text("officer", officer, OFFICER_LENGTH_MAX)) if officer else ""
    if officer and not name:
        raise FieldInvalid("officer", Label("state the name", "氏名を入力してください"))
    subject = (
        Organisation.objects.select_for_update(no_key=True)
        .filter(public_id=organisation, is_operator=False)
        .first()
    )
    if subject is None:
        raise Missing(kind="organisation", identifier=organisation)
    require_unrelated(actor, subject.pk)
    _require_none_stands(subject, ground, name)
    approval = require_two_people(
        actor=actor,
        permission=Permission.ADMISSION_WRITE,
        organisation=actor.organisation or "",
        command="participants.disqualify",
        subject=organisation,
        payload={
            "ground": ground,
            "source": stated["source"],
            "source_sha256": source_sha256,
            # As it was stated: a term without a first day begins on the day on which the second person gives it.
            "since": since.isoformat() if since else None,
            "until": until.isoformat(),
            # Keyed with the market's secret: the approval tells nobody the name, and the same name is the same.
            "officer": salted_hmac(organisation, name, algorithm="sha256").hexdigest() if name else "",
        },
        expires_in=APPROVED_WITHIN,
        barred=related_to(subject.pk),
    )
    return write_disqualification(actor, subject, stated, name, approval.first_person)


@record_refusals()
def end_disqualification(*, actor: Actor, disqualification: str, reason: str) -> Disqualification:
    """End a disqualification before its last day when two people gave the command. Emits disqualification.moved.

    Raises SecondPersonNeeded, DisqualificationEnded, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    row = _locked(disqualification)
    if row.ended_at is not None:
        raise DisqualificationEnded(disqualification=disqualification, ended_at=row.ended_at.isoformat())
    require_unrelated(actor, row.organisation_id)
    approval = require_two_people(
        actor=actor,
        permission=Permission.ADMISSION_WRITE,
        organisation=actor.organisation or "",
        command="participants.end_disqualification",
        subject=disqualification,
        payload={"reason": why},
        expires_in=APPROVED_WITHIN,
        barred=related_to(row.organisation_id),
    )
    row.ended_at, row.ended_by = clock.now(), actor.identifier
    row.end_first_person, row.end_reason = approval.first_person, why
    row.save(update_fields=["ended_at", "ended_by", "end_first_person", "end_reason"])
    record(
        kind="participants.disqualification_ended",
        subject=disqualification,
        actor=actor,
        payload={
            "first_person": approval.first_person,
            "reason_commitment": commitment_to(row.salt, why),
        },
    )
    _tell(row, "ended")
    return row


@transaction.atomic
def lapse_disqualification(disqualification: str) -> bool:
    """End a disqualification whose last day has passed; returns whether it did. The sweep calls it. Emits disqualification.moved."""
    row = _locked(disqualification)
    if row.ended_at is not None or row.until >= clock.today():
        return False
    row.ended_at = clock.now()
    row.save(update_fields=["ended_at"])
    record(kind="participants.disqualification_over", subject=disqualification, actor=SYSTEM, payload={})
    _tell(row, "over")
    return True


def write_disqualification(
    actor: Actor, subject: Organisation, stated: Mapping[str, Any], name: str, first_person: str
) -> Disqualification:
    """Write and tell the disqualification that two people stated; of the bare ``name`` of an officer only its commitment."""
    salt = new_salt()
    row = Disqualification.objects.create(
        organisation=subject,
        officer_commitment=commitment_to(salt, name) if name else "",
        **stated,
        first_person=first_person,
        stated_by=actor.identifier,
        stated_at=clock.now(),
        salt=salt,
    )
    record(
        kind="participants.disqualified",
        subject=row.public_id,
        actor=actor,
        payload={
            "organisation": subject.public_id,
            "officer_commitment": row.officer_commitment,
            "ground": str(row.ground),
            "source_commitment": commitment_to(salt, row.source),
            "source_sha256": row.source_sha256,
            "since": row.since.isoformat(),
            "until": row.until.isoformat(),
            "first_person": first_person,
        },
    )
    _tell(row, "stated")
    return row


def _checked(ground: str, source: str, source_sha256: str, since: date | None, until: date) -> dict[str, Any]:
    """The ground, source and term, checked; raises FieldInvalid."""
    if ground not in DisqualificationGround.values:
        known = ", ".join(DisqualificationGround.values)
        raise FieldInvalid("ground", Label(f"choose one of {known}", f"{known} から選んでください"))
    if source_sha256:
        checked_sha256("source_sha256", source_sha256)
    day, today = checked_effective_day(since, "since"), clock.today()
    if not today <= until <= date(today.year + YEARS_MAX, 12, 31):
        raise FieldInvalid(
            "until",
            Label(
                f"state a last day from today on, within {YEARS_MAX} years",
                f"本日以降{YEARS_MAX}年以内の末日を指定してください",
            ),
        )
    return {
        "ground": ground,
        "source": stated_text("source", source, SOURCE_LENGTH_MAX),
        "source_sha256": source_sha256,
        "since": day,
        "until": until,
    }


def _require_none_stands(subject: Organisation, ground: str, name: str) -> None:
    """Raise DisqualificationStands where the organisation, or the officer of this name, is disqualified on the ground."""
    for row in Disqualification.objects.filter(organisation=subject, ground=ground, ended_at=None):
        if row.officer_commitment == (commitment_to(row.salt, name) if name else ""):
            raise DisqualificationStands(disqualification=row.public_id)


def _locked(disqualification: str) -> Disqualification:
    row = (
        Disqualification.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation")
        .filter(public_id=disqualification)
        .first()
    )
    if row is None:
        raise Missing(kind="disqualification", identifier=disqualification)
    return row


def _tell(row: Disqualification, change: str) -> None:
    emit(
        DisqualificationMoved(
            disqualification=row.public_id,
            organisation=row.organisation.public_id,
            ground=str(row.ground),
            of_officer=bool(row.officer_commitment),
            until=row.until.isoformat(),
            change=change,
        )
    )
