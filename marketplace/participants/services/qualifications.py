"""State, verify and end qualifications of organisations, and publish kinds of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction

from marketplace.events.schemas.participants import QualificationExpiring, QualificationMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.kernel.texts import identifying_text, stated_text

from ..bounds import QUALIFICATIONS_A_DAY_MAX, QUALIFICATIONS_STANDING_MAX
from ..interest_queries import require_unrelated
from ..models import Organisation, Qualification, QualificationKind
from ..models.qualifications import ISSUER_LENGTH_MAX, REASON_LENGTH_MAX, REFERENCE_LENGTH_MAX
from ..people_fields import checked_code_and_name, checked_sha256
from ..qualification_errors import (
    QualificationKindExists,
    QualificationOver,
    QualificationStands,
    TooManyQualifications,
)
from ..qualification_states import QUALIFICATION, STANDING, QualificationState
from ..uniqueness import translate_duplicates

REMINDED_BEFORE: Final = timedelta(days=30)
"""So long before its last day the organisation is told that a qualification ends."""


@transaction.atomic
def open_qualification_kind(*, actor: Actor, code: str, name: Mapping[str, str]) -> QualificationKind:
    """Add a kind to the published list, with a ``code`` and a name ``{"ja", "en"}`` that never change.

    Raises QualificationKindExists, FieldInvalid, PermissionNeeded, ProofNeeded.
    """
    actor.require(Permission.RULEBOOK_WRITE)
    named = checked_code_and_name(code, name)
    with translate_duplicates({"qualification_kind_once": QualificationKindExists(kind=code)}):
        kind = QualificationKind.objects.create(
            code=code, name_ja=named["ja"], name_en=named["en"], opened_at=clock.now()
        )
    record(kind="participants.qualification_kind_opened", subject=code, actor=actor, payload={"name": named})
    return kind


@transaction.atomic
def state_qualification(
    *,
    actor: Actor,
    kind: str,
    issuer: str,
    reference: str,
    valid_from: date,
    document_sha256: str,
    valid_until: date | None = None,
) -> Qualification:
    """State a qualification of the actor's organisation, which the operator verifies next. Emits qualification.moved.

    ``kind``: the code of a published kind; ``reference``: the issuer's number of it; ``document_sha256``: of the document that
    proves it. Raises QualificationStands, TooManyQualifications, FieldInvalid, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ORGANISATION_WRITE)
    actor.require_person()
    organisation_id = actor.require_organisation()
    known = QualificationKind.objects.filter(code=kind).first()
    if known is None:
        codes = ", ".join(QualificationKind.objects.order_by("code").values_list("code", flat=True))
        raise FieldInvalid("kind", Label(f"choose one of {codes}", f"{codes} から選んでください"))
    if valid_until is not None and valid_until < max(valid_from, clock.today()):
        raise FieldInvalid(
            "valid_until",
            Label(
                "state a day that is to come and not before valid_from",
                "本日以降で valid_from 以降の日を指定してください",
            ),
        )
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)
    if organisation.is_operator:
        raise Missing(kind="organisation", identifier=organisation.public_id)
    stated = {
        "organisation": organisation,
        "kind": known,
        "issuer": identifying_text("issuer", issuer, ISSUER_LENGTH_MAX),
        "reference": identifying_text("reference", reference, REFERENCE_LENGTH_MAX),
    }
    same = Qualification.objects.filter(**stated, state__in=STANDING).first()
    if same is not None:
        raise QualificationStands(qualification=same.public_id)
    _require_few(organisation)
    row = Qualification.objects.create(
        **stated,
        valid_from=valid_from,
        valid_until=valid_until,
        document_sha256=checked_sha256("document_sha256", document_sha256),
        stated_by=actor.identifier,
        stated_at=clock.now(),
    )
    _tell(
        actor,
        row,
        kind=kind,
        organisation=organisation.public_id,
        valid_from=valid_from.isoformat(),
        valid_until=valid_until.isoformat() if valid_until else None,
        document_sha256=document_sha256,
        stated_commitment=commitment_to(row.salt, row.issuer, row.reference),
    )
    return row


def _require_few(organisation: Organisation) -> None:
    """Raise TooManyQualifications where an organisation, whose row is locked, states no further one."""
    rows = Qualification.objects.filter(organisation=organisation)
    standing = rows.filter(state__in=STANDING).count()
    lately = rows.filter(stated_at__gte=clock.now() - timedelta(hours=24)).count()
    for count, most in ((standing, QUALIFICATIONS_STANDING_MAX), (lately, QUALIFICATIONS_A_DAY_MAX)):
        if count >= most:
            raise TooManyQualifications(count=count)


@transaction.atomic
def verify_qualification(*, actor: Actor, qualification: str) -> Qualification:
    """Verify a stated qualification from its document; rules read it on its days from now on. Emits qualification.moved.

    One person without an interest in the organisation. Raises QualificationOver, Recused, IllegalTransition, Missing,
    PermissionNeeded, ProofNeeded, Forbidden.
    """
    row = _locked_by_staff(actor, qualification)
    QUALIFICATION.target(state=row.state, command="verify", role=actor.role.value)
    if row.valid_until is not None and row.valid_until < clock.today():
        raise QualificationOver(qualification=qualification, valid_until=row.valid_until.isoformat())
    _move(actor, row, "verify", verified_by=actor.identifier, verified_at=clock.now())
    return row


@transaction.atomic
def refuse_qualification(*, actor: Actor, qualification: str, reason: str) -> Qualification:
    """Refuse to verify a stated qualification, for a reason that the organisation reads. Emits qualification.moved.

    Raises Recused, IllegalTransition, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    return _end(actor, _locked_by_staff(actor, qualification), "refuse", reason)


@transaction.atomic
def revoke_qualification(*, actor: Actor, qualification: str, reason: str) -> Qualification:
    """Revoke a verified qualification, for a reason that the organisation reads: rules read it no more. Emits qualification.moved.

    One person suffices, because it only tightens. Raises Recused, IllegalTransition, FieldInvalid, Missing, PermissionNeeded,
    ProofNeeded, Forbidden.
    """
    return _end(actor, _locked_by_staff(actor, qualification), "revoke", reason)


@transaction.atomic
def withdraw_qualification(*, actor: Actor, qualification: str, reason: str) -> Qualification:
    """Withdraw a qualification of the actor's organisation. Emits qualification.moved.

    Raises IllegalTransition, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ORGANISATION_WRITE)
    actor.require_person()
    row = _locked(qualification)
    if row.organisation_id != actor.require_organisation():
        raise Missing(kind="qualification", identifier=qualification)
    return _end(actor, row, "withdraw", reason)


@transaction.atomic
def expire_qualification(qualification: str) -> bool:
    """End a qualification whose last day has passed; returns whether it did. The sweep calls it. Emits qualification.moved."""
    row = _locked(qualification)
    if row.state not in STANDING or row.valid_until is None or row.valid_until >= clock.today():
        return False
    _move(SYSTEM, row, "expire", ended_at=clock.now())
    return True


@transaction.atomic
def remind_of_expiry(qualification: str) -> bool:
    """Tell the organisation once that a verified qualification ends soon; returns whether it did. Emits qualification.expiring."""
    row = _locked(qualification)
    if row.reminded_at is not None or row.state != QualificationState.VERIFIED or row.valid_until is None:
        return False
    if not clock.today() <= row.valid_until <= clock.today() + REMINDED_BEFORE:
        return False
    row.reminded_at = clock.now()
    row.save(update_fields=["reminded_at"])
    emit(
        QualificationExpiring(
            qualification=qualification,
            organisation=row.organisation.public_id,
            kind=row.kind.code,
            valid_until=row.valid_until.isoformat(),
        )
    )
    return True


def _locked(qualification: str) -> Qualification:
    """The qualification, locked, with its organisation and kind; raises Missing."""
    row = (
        Qualification.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation", "kind")
        .filter(public_id=qualification)
        .first()
    )
    if row is None:
        raise Missing(kind="qualification", identifier=qualification)
    return row


def _locked_by_staff(actor: Actor, qualification: str) -> Qualification:
    """The qualification, locked, for a person of the operator that decides about its organisation. Raises as the commands say."""
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    row = _locked(qualification)
    require_unrelated(actor, row.organisation_id)
    return row


def _end(actor: Actor, row: Qualification, command: str, reason: str) -> Qualification:
    why = stated_text("reason", reason, REASON_LENGTH_MAX)
    _move(actor, row, command, ended_by=actor.identifier, ended_at=clock.now(), end_reason=why)
    return row


def _move(actor: Actor, row: Qualification, command: str, **changes: Any) -> None:
    advance(row, QUALIFICATION, command=command, role=actor.role.value, **changes)
    reason = {"reason_commitment": commitment_to(row.salt, row.end_reason)} if row.end_reason else {}
    _tell(actor, row, **reason)


def _tell(actor: Actor, row: Qualification, **details: str | None) -> None:
    """Record what became of a qualification, and emit it."""
    record(
        kind=f"participants.qualification_{row.state}", subject=row.public_id, actor=actor, payload=details
    )
    emit(
        QualificationMoved(
            qualification=row.public_id,
            organisation=row.organisation.public_id,
            kind=row.kind.code,
            state=str(row.state),
        )
    )
