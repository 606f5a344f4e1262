"""Suspend organisations, for what kind of reason, and end suspensions."""

from __future__ import annotations

import re
from datetime import date

from django.db import transaction

from marketplace.events.schemas.participants import (
    ParticipantReinstated,
    ParticipantSuspended,
    SuspensionEnded,
)
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.kernel.suspensions import EFFECTS, SuspensionKind

from ..interest_queries import require_unrelated, require_unrelated_person
from ..models import Organisation, Reinstatement, Suspension
from ..people_fields import checked_effective_day, required_text
from ..states import ORGANISATION, OrganisationState
from ..suspension_errors import OperatorStays, SuspensionStands
from ..suspension_queries import in_insolvency, standing_suspensions
from .organisations import locked_organisation
from .trustees import end_trustees

REASON_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


@transaction.atomic
def suspend_participant(
    *,
    actor: Actor,
    organisation: str,
    reason_code: str,
    reason: str,
    kind: str = SuspensionKind.BREACH.value,
    reference: str = "",
    effective_on: date | None = None,
) -> Organisation:
    """Suspend an organisation: it begins nothing new; its claims and obligations remain, as its ``kind`` says.

    ``kind``: see ``kernel.suspensions``. ``reference`` is the number of the document that it follows from, which all kinds but
    a breach need; ``effective_on`` the day from which that says so, today unless stated. ``reason_code`` (snake case) goes
    into the event; only the participant reads ``reason``. One person suffices, because it weakens no control. Several
    suspensions may stand. Emits participant.suspended. Raises Missing, OperatorStays, SuspensionStands, Recused, FieldInvalid,
    Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    _check(kind, reason_code, reason, reference)
    day = checked_effective_day(effective_on, "effective_on")
    subject = locked_organisation(organisation)
    if subject.is_operator:
        raise OperatorStays()
    require_unrelated(actor, subject.pk)
    same = standing_suspensions(subject.pk).filter(kind=kind, reference=reference.strip()).first()
    if same is not None:
        raise SuspensionStands(suspension=same.public_id)
    suspension = Suspension.objects.create(
        organisation=subject,
        kind=kind,
        reason_code=reason_code,
        reason=reason,
        reference=reference.strip(),
        effective_on=day,
        suspended_by=actor.identifier,
        suspended_at=clock.now(),
    )
    if subject.state == OrganisationState.ACTIVE:
        advance(subject, ORGANISATION, command="suspend", role=actor.role.value)
    record(
        kind="participants.participant_suspended",
        subject=subject.public_id,
        actor=actor,
        payload={
            "suspension": suspension.public_id,
            "kind": kind,
            "reason_code": reason_code,
            "reason_commitment": commitment_to(suspension.salt, reason),
            "reference": suspension.reference,
            "effective_on": day.isoformat(),
        },
    )
    emit(
        ParticipantSuspended(
            organisation=subject.public_id,
            suspension=suspension.public_id,
            kind=kind,
            reason_code=reason_code,
        )
    )
    return subject


def _check(kind: str, reason_code: str, reason: str, reference: str) -> None:
    """Check what is stated of a suspension; raises FieldInvalid."""
    if kind not in list(SuspensionKind):
        known = ", ".join(SuspensionKind)
        raise FieldInvalid("kind", Label(f"choose one of {known}", f"{known} から選んでください"))
    if not REASON_CODE.fullmatch(reason_code):
        raise FieldInvalid(
            "reason_code",
            Label(
                "use a code in snake case, at most 40 letters", "40字以内の英小文字と下線で指定してください"
            ),
        )
    required_text("reason", reason)
    if EFFECTS[SuspensionKind(kind)].needs_reference and not reference.strip():
        raise FieldInvalid(
            "reference",
            Label(
                "state the number of the document that this follows from",
                "根拠となる文書の番号を入力してください",
            ),
        )


@transaction.atomic
def reinstate_participant(
    *, actor: Actor, organisation: str, first_person: str, suspension: str | None = None
) -> Organisation:
    """End a suspension of an organisation, as the second person of the operator; its admissions are unchanged.

    ``first_person`` is the identifier of who gave the same command first (``clearing.approvals.reinstatements``). Without a
    ``suspension`` it is the only one that stands. The organisation is active again when none stands any more. Emits
    suspension.ended, and participant.reinstated with the last. Raises Missing, Recused, IllegalTransition, FieldInvalid,
    Forbidden.
    """
    subject, ending = suspended_participant(actor=actor, organisation=organisation, suspension=suspension)
    actor.require_second_to(first_person)
    require_unrelated_person(first_person, subject.pk)
    Reinstatement.objects.create(
        organisation=subject,
        suspension=ending,
        first_person=first_person,
        reinstated_by=actor.identifier,
        reinstated_at=clock.now(),
    )
    if not in_insolvency(subject.pk):
        end_trustees(actor=actor, organisation=subject)
    is_last = not standing_suspensions(subject.pk).exists()
    if is_last:
        advance(subject, ORGANISATION, command="reinstate", role=actor.role.value)
    record(
        kind="participants.participant_reinstated",
        subject=subject.public_id,
        actor=actor,
        payload={"first_person": first_person, "suspension": ending.public_id, "state": str(subject.state)},
    )
    emit(
        SuspensionEnded(
            organisation=subject.public_id,
            suspension=ending.public_id,
            kind=ending.kind,
            is_active=is_last,
        )
    )
    if is_last:
        emit(ParticipantReinstated(organisation=subject.public_id))
    return subject


def suspended_participant(
    *, actor: Actor, organisation: str, suspension: str | None = None
) -> tuple[Organisation, Suspension]:
    """A suspended organisation, locked until the transaction ends, and the suspension to end.

    Raises Missing, Recused, IllegalTransition, FieldInvalid (``suspension``, if several stand and none is named), Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    subject = locked_organisation(organisation)
    require_unrelated(actor, subject.pk)
    ORGANISATION.target(state=subject.state, command="reinstate", role=actor.role.value)
    standing = list(standing_suspensions(subject.pk))
    if suspension is None and len(standing) > 1:
        known = ", ".join(row.public_id for row in standing)
        raise FieldInvalid(
            "suspension", Label(f"several stand; name one of {known}", f"{known} から指定してください")
        )
    for row in standing:
        if suspension in (None, row.public_id):
            return subject, row
    raise Missing(kind="suspension", identifier=suspension)
