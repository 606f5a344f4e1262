"""Appoint the trustee of an organisation in insolvency proceedings: by two people of admission, with the court's document."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from marketplace.events.schemas.participants import TrusteeAppointed
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.kernel.suspensions import SuspensionKind

from ..errors import EmailTaken, NotInInsolvency
from ..models import Membership, Organisation, RoleGrant, TrusteeAppointment, User
from ..states import TRUSTEE, MemberRole
from ..suspension_queries import standing_suspensions
from ..uniqueness import translate_duplicates
from .organisations import REQUIRED, locked_organisation

SHA256 = re.compile(r"[0-9a-f]{64}")


@transaction.atomic
def propose_trustee(
    *, actor: Actor, organisation: str, email: str, name: str, document: str, document_sha256: str
) -> TrusteeAppointment:
    """Propose the trustee whom a court appointed; another person of admission confirms.

    ``document`` is the number of the court's order, ``document_sha256`` that of its copy. Raises NotInInsolvency,
    FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    stated = {"email": email.strip().lower(), "name": name.strip(), "document": document.strip()}
    for field, text in stated.items():
        if not text:
            raise FieldInvalid(field, REQUIRED)
    try:
        validate_email(stated["email"])
    except ValidationError:
        raise FieldInvalid(
            "email", Label("specify an e-mail address", "メールアドレスを指定してください")
        ) from None
    if not SHA256.fullmatch(document_sha256):
        raise FieldInvalid(
            "document_sha256",
            Label("use 64 hexadecimal digits in lower case", "16進小文字64桁で指定してください"),
        )
    subject = locked_organisation(organisation)
    suspension = standing_suspensions(subject.pk).filter(kind=SuspensionKind.INSOLVENCY).first()
    if suspension is None:
        raise NotInInsolvency(organisation=subject.public_id)
    waiting = TrusteeAppointment.objects.filter(
        suspension=suspension, email=stated["email"], state="proposed"
    )
    if (known := waiting.first()) is not None:
        return known
    appointment = TrusteeAppointment.objects.create(
        suspension=suspension,
        document_sha256=document_sha256,
        proposed_by=actor.identifier,
        proposed_at=clock.now(),
        **stated,
    )
    _record(actor, appointment, subject)
    return appointment


@transaction.atomic
def appoint_trustee(*, actor: Actor, appointment: str) -> TrusteeAppointment:
    """Confirm a trustee as the second person of admission: it belongs to the organisation from now, and acts for it.

    The trustee gets a login of its own for the proceedings, because nobody who has one is put into an organisation unasked,
    and sets a password through the reset mail. Emits trustee.appointed. Raises IllegalTransition, NotInInsolvency, EmailTaken,
    Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    row, subject = _locked(appointment)
    TRUSTEE.target(state=row.state, command="appoint", role=actor.role.value)
    actor.require_second_to(row.proposed_by)
    if not standing_suspensions(subject.pk).filter(pk=row.suspension_id).exists():
        raise NotInInsolvency(organisation=subject.public_id)
    with translate_duplicates({"user_email_once": EmailTaken()}):
        person = User.objects.create_user(row.email, None, name=row.name)
    now = clock.now()
    advance(
        row,
        TRUSTEE,
        command="appoint",
        role=actor.role.value,
        ended_by=actor.identifier,
        ended_at=now,
        user_id=person.pk,
    )
    membership = Membership.objects.create(user=person, organisation=subject, since=now)
    RoleGrant.objects.create(
        membership=membership, role=MemberRole.TRUSTEE, granted_at=now, granted_by=actor.identifier
    )
    _record(actor, row, subject, user=person.public_id)
    emit(TrusteeAppointed(organisation=subject.public_id, appointment=row.public_id))
    return row


@transaction.atomic
def withdraw_trustee(*, actor: Actor, appointment: str) -> TrusteeAppointment:
    """Withdraw a proposal that is not confirmed. Raises IllegalTransition, Missing, PermissionNeeded, ProofNeeded."""
    actor.require(Permission.ADMISSION_WRITE)
    row, subject = _locked(appointment)
    advance(
        row,
        TRUSTEE,
        command="withdraw",
        role=actor.role.value,
        ended_by=actor.identifier,
        ended_at=clock.now(),
    )
    _record(actor, row, subject)
    return row


def end_trustees(*, actor: Actor, organisation: Organisation) -> None:
    """Revoke the role of the trustees of an organisation whose insolvency proceedings ended."""
    held = RoleGrant.objects.filter(
        membership__organisation=organisation, role=MemberRole.TRUSTEE, revoked_at=None
    )
    people = list(held.values_list("membership__user__public_id", flat=True))
    if not people:
        return
    held.update(revoked_at=clock.now())
    record(
        kind="participants.trustees_ended",
        subject=organisation.public_id,
        actor=actor,
        payload={"people": people},
    )


def _locked(public_id: str) -> tuple[TrusteeAppointment, Organisation]:
    """The appointment and its organisation, which is locked; raises Missing."""
    row = (
        TrusteeAppointment.objects.select_related("suspension__organisation")
        .filter(public_id=public_id)
        .first()
    )
    if row is None:
        raise Missing(kind="trustee appointment", identifier=public_id)
    subject = locked_organisation(row.suspension.organisation.public_id)
    row.refresh_from_db()
    return row, subject


def _record(actor: Actor, row: TrusteeAppointment, subject: Organisation, **details: str) -> None:
    """Evidence of a step, without the person's name and address."""
    record(
        kind=f"participants.trustee_{row.state}",
        subject=row.public_id,
        actor=actor,
        payload={
            "organisation": subject.public_id,
            "document": row.document,
            "document_sha256": row.document_sha256,
            "named_sha256": sha256_hex(f"{row.public_id} {row.email} {row.name}".encode()),
            **details,
        },
    )
