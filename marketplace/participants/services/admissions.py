"""Open segments, apply for admission to them, and decide and withdraw applications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from marketplace.events.schemas.participants import AdmissionApplied, AdmissionDecided
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing, OrganisationSuspended
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance

from ..admission_terms import NO_TERMS, RENEWED_WITHIN, AdmissionTerms
from ..declarations import check_declarations
from ..errors import AdmissionExists, NeverATrader, SegmentExists
from ..interest_queries import require_unrelated
from ..models import Admission, Organisation, Segment
from ..people_fields import checked_code_and_name
from ..states import (
    ADMISSION,
    HELD_ADMISSIONS,
    PENDING_ADMISSIONS,
    AdmissionState,
    Capacity,
    OrganisationState,
)
from ..uniqueness import translate_duplicates
from .admission_terms import state_conditions

COMMANDS = {"allow": "admit", "warn": "admit", "hold": "hold", "deny": "refuse"}


@transaction.atomic
def open_segment(*, actor: Actor, code: str, name: Mapping[str, str]) -> Segment:
    """Open a segment, with a ``code`` that never changes and a name ``{"ja", "en"}``.

    Raises SegmentExists, FieldInvalid, Forbidden.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    named = checked_code_and_name(code, name)
    with translate_duplicates({"segment_code_once": SegmentExists(segment=code)}):
        segment = Segment.objects.create(
            code=code, name_ja=named["ja"], name_en=named["en"], opened_at=clock.now()
        )
    record(kind="participants.segment_opened", subject=code, actor=actor, payload={"name": named})
    return segment


@transaction.atomic
def apply_for_admission(
    *, actor: Actor, segment: str, capacity: str, declarations: Mapping[str, Any]
) -> Admission:
    """Apply, for the actor's organisation, for admission to a segment as seller or buyer; the rules decide next.

    ``declarations``: see ``declarations.TYPES``. An admission that has a last day is renewed by an application within the days
    before it (``admission_terms.RENEWED_WITHIN``). Emits admission.applied. Raises NeverATrader, OrganisationSuspended,
    AdmissionExists, Missing (segment), FieldInvalid, Forbidden.
    """
    actor.require(Permission.ORGANISATION_WRITE)
    organisation_id = actor.require_organisation()
    if capacity not in Capacity.values:
        raise FieldInvalid("capacity", Label("specify seller or buyer", "seller か buyer を選んでください"))
    declared = check_declarations(declarations)
    field = Segment.objects.filter(code=segment).first()
    if field is None:
        raise Missing(kind="segment", identifier=segment)
    organisation = Organisation.objects.select_for_update().get(pk=organisation_id)
    if organisation.is_operator or organisation.operator_affiliate:
        raise NeverATrader(organisation=organisation.public_id)
    if organisation.state != OrganisationState.ACTIVE:
        raise OrganisationSuspended(organisation=organisation.public_id)
    renewed = _to_be_renewed(organisation, field, capacity)
    admission = Admission.objects.create(
        organisation=organisation,
        segment=field,
        capacity=capacity,
        declarations=declared,
        applied_at=clock.now(),
        renews=renewed,
    )
    facts = {"organisation": organisation.public_id, "segment": segment, "capacity": capacity}
    record(
        kind="participants.admission_applied",
        subject=admission.public_id,
        actor=actor,
        payload={
            **facts,
            "declarations_commitment": commitment_to(admission.salt, digest_of(declared)),
            "renews": renewed.public_id if renewed else None,
        },
    )
    emit(AdmissionApplied(admission=admission.public_id, **facts))
    return admission


@transaction.atomic
def decide_admission(
    *,
    actor: Actor,
    admission: str,
    outcome: str,
    decision: str | None = None,
    reason: str = "",
    first_person: str = "",
    terms: AdmissionTerms = NO_TERMS,
) -> Admission:
    """Carry out an outcome for an application: ``allow`` and ``warn`` admit, ``hold`` puts on hold, ``deny`` refuses.

    The system carries out a ``decision`` of the rules (public identifier). People of the operator decide only applications
    that the rules put on hold, two of them with a ``reason``: ``first_person`` gave the same command first, in the case of
    the application (``marketplace.cases``). ``terms``: of an admission, until when it is given and on which conditions, which two
    people state alone. What it renews ends with it. For an application that was withdrawn meanwhile nothing changes. Emits
    admission.decided. Raises Missing, Recused, IllegalTransition, FieldInvalid, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    if outcome not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise FieldInvalid("outcome", Label(f"choose one of {known}", f"{known} から選んでください"))
    if actor.role is Role.OPERATOR and not reason.strip():
        raise FieldInvalid("reason", Label("give the reason", "判断の理由を入力してください"))
    if actor.role is Role.OPERATOR:
        actor.require_second_to(first_person)
    renewed = _locked_renewed(admission)
    subject = locked_admission(actor, admission)
    if actor.role is Role.SYSTEM and subject.state == AdmissionState.WITHDRAWN:
        return subject
    require_unrelated(actor, subject.organisation_id)
    changes: dict[str, Any] = {"decided_at": clock.now(), "reason": reason}
    if decision is not None:
        changes["decision"] = decision
    terms_said: dict[str, Any] = {}
    if COMMANDS[outcome] == "admit":
        changes["expires_on"] = terms.expires_on
        terms_said = {"expires_on": terms.as_json()["expires_on"]}
        if renewed is not None and renewed.state == AdmissionState.ADMITTED:
            advance_admission(actor, renewed, "renew")
    advance(subject, ADMISSION, command=COMMANDS[outcome], role=actor.role.value, **changes)
    state_conditions(actor, subject, terms)
    _record_decided(actor, subject, {"outcome": outcome, **terms_said})
    return subject


@transaction.atomic
def withdraw_admission(*, actor: Actor, admission: str, reason: str = "") -> Admission:
    """Withdraw an application or an admission; agreements in force continue. The operator gives a ``reason``.

    People of the organisation withdraw its own; of others, who decides at the operator who takes part. Emits
    admission.decided. Raises Missing, IllegalTransition, FieldInvalid, PermissionNeeded, ProofNeeded.
    """
    actor.require(Permission.ORGANISATION_WRITE, Permission.ADMISSION_WRITE)
    subject = locked_admission(actor, admission)
    require_unrelated(actor, subject.organisation_id)
    is_own = subject.organisation_id == actor.organisation_id
    actor.require(Permission.ORGANISATION_WRITE if is_own else Permission.ADMISSION_WRITE)
    if actor.role is Role.OPERATOR and not reason.strip():
        raise FieldInvalid("reason", Label("give the reason", "判断の理由を入力してください"))
    advance(subject, ADMISSION, command="withdraw", role=actor.role.value, reason=reason)
    _record_decided(actor, subject, {})
    return subject


def advance_admission(actor: Actor, subject: Admission, command: str) -> None:
    """End a locked admission by a command of its own. Emits admission.decided."""
    advance(subject, ADMISSION, command=command, role=actor.role.value)
    _record_decided(actor, subject, {})


def _to_be_renewed(organisation: Organisation, segment: Segment, capacity: str) -> Admission | None:
    """The admission that an application now would renew, None without one.

    Raises AdmissionExists for one that is not to be renewed yet, and for an application that waits.
    """
    held = {
        row.state in PENDING_ADMISSIONS: row
        for row in Admission.objects.filter(
            organisation=organisation, segment=segment, capacity=capacity, state__in=HELD_ADMISSIONS
        )
    }
    standing = held.get(False)
    is_due = standing is None or (
        standing.expires_on is not None and standing.expires_on <= clock.today() + RENEWED_WITHIN
    )
    in_the_way = held.get(True) or (None if is_due else standing)
    if in_the_way is not None:
        raise AdmissionExists(admission=in_the_way.public_id, segment=segment.code, capacity=capacity)
    return standing


def _locked_renewed(admission: str) -> Admission | None:
    """The admission that an application renews, locked before it, because its key is lower; None without one."""
    renewed = Admission.objects.filter(public_id=admission).values("renews_id")
    return (
        Admission.objects.select_for_update(of=("self",))
        .select_related("organisation", "segment")
        .filter(pk__in=renewed)
        .first()
    )


def locked_admission(actor: Actor, public_id: str) -> Admission:
    """The admission, locked, with its organisation and segment; raises Missing if it is outside the actor's scope."""
    admission = (
        Admission.objects.select_for_update(of=("self",))
        .select_related("organisation", "segment")
        .filter(public_id=public_id)
        .first()
    )
    if admission is None:
        raise Missing(kind="admission", identifier=public_id)
    actor.require_scope(admission.organisation_id, kind="admission", identifier=public_id)
    return admission


def _record_decided(actor: Actor, admission: Admission, details: dict[str, Any]) -> None:
    """Record evidence and emit the event of the admission's new state."""
    record(
        kind="participants.admission_decided",
        subject=admission.public_id,
        actor=actor,
        payload={
            **details,
            "state": admission.state,
            "decision": admission.decision,
            "reason_commitment": commitment_to(admission.salt, admission.reason),
        },
    )
    emit(
        AdmissionDecided(
            admission=admission.public_id,
            organisation=admission.organisation.public_id,
            segment=admission.segment.code,
            capacity=admission.capacity,
            state=str(admission.state),
            decision=admission.decision,
        )
    )
