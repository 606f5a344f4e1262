"""Recover a lost owner: anybody asks with evidence, two people of the operator decide, and every known contact may object.

The operator never holds the token of the invitation at the end: only the invited person does.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from marketplace.events.schemas.members import OwnerRecoveryMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.jobs.services import enqueue
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.calendars import BusinessCalendar
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance

from ..bounds import CONTACTS_MAX, EVIDENCE_BYTES_MAX, RECOVERIES_OPEN_MAX, RECOVERY_BUSINESS_DAYS
from ..errors import ObjectionUnknown, RecoveryOpen
from ..interest_queries import related_to, require_unrelated
from ..jobs import TELL_CONTACT
from ..media import media_type_of
from ..models import (
    Admission,
    Membership,
    Organisation,
    OwnerRecovery,
    RecoveryContact,
    RecoveryEvidence,
    RoleGrant,
    User,
)
from ..people_fields import checked_email, checked_language, required_text
from ..queries import acts_for_operator
from ..states import OWNER_RECOVERY, MemberRole, OwnerRecoveryState
from ..tokens_of_invitations import invitation_token_digest
from .inviting import invite_after_recovery

PUBLIC_ACTOR = Actor("public", Role.PARTICIPANT)
UNDECIDED = (OwnerRecoveryState.FILED, OwnerRecoveryState.PROPOSED, OwnerRecoveryState.WAITING)
NOT_TAKEN = Label(
    f"use a PDF, JPEG or PNG file of at most {EVIDENCE_BYTES_MAX >> 20} MiB",
    f"{EVIDENCE_BYTES_MAX >> 20}MiB以下のPDF・JPEG・PNGのファイルにしてください",
)


@transaction.atomic
def file_recovery(
    *,
    actor: Actor | None,
    organisation: str,
    email: str,
    name: str,
    statement: str,
    content: bytes,
    language: str = "ja",
) -> OwnerRecovery:
    """Ask that the person of ``email`` becomes the owner of an organisation whose owners are lost; anybody may.

    ``content`` is a file that shows it (registry extract, power of attorney). ``actor`` is None for the public. Raises
    RecoveryOpen, FieldInvalid, Missing.
    """
    address = checked_email(email)
    media = media_type_of(content) if 0 < len(content) <= EVIDENCE_BYTES_MAX else None
    if media is None:
        raise FieldInvalid("file", NOT_TAKEN)
    subject = Organisation.objects.select_for_update(no_key=True).filter(
        public_id=organisation, is_operator=False
    )
    found = subject.first()
    if found is None:
        raise Missing(kind="organisation", identifier=organisation)
    open_ones = OwnerRecovery.objects.filter(organisation=found, state__in=UNDECIDED).count()
    if open_ones >= RECOVERIES_OPEN_MAX:
        raise RecoveryOpen(count=open_ones)
    is_staff = actor is not None and actor.role is Role.OPERATOR and actor.is_person
    filing = actor if is_staff and actor is not None else PUBLIC_ACTOR
    row = OwnerRecovery.objects.create(
        organisation=found,
        email=address,
        name=required_text("name", name),
        language=checked_language(language),
        statement=required_text("statement", statement),
        filed_by=filing.identifier,
        filed_at=clock.now(),
    )
    digest = sha256_hex(content)
    RecoveryEvidence.objects.create(
        recovery=row, media_type=media, content=content, sha256=digest, added_at=clock.now()
    )
    _record(row, filing, sha256=digest)
    return row


@transaction.atomic
def propose_recovery(*, actor: Actor, recovery: str, reason: str) -> OwnerRecovery:
    """Propose to recover the owner, as the first of two people of the operator. Raises RecoveryOpen, Recused,
    FieldInvalid, IllegalTransition, Missing, PermissionNeeded, ProofNeeded, Forbidden."""
    row = _locked_for(actor, recovery)
    stated = required_text("reason", reason)
    OWNER_RECOVERY.target(state=row.state, command="propose", role="operator")
    others = OwnerRecovery.objects.filter(
        organisation=row.organisation, state__in=(OwnerRecoveryState.PROPOSED, OwnerRecoveryState.WAITING)
    )
    if others.exists():
        raise RecoveryOpen(count=others.count())
    advance(
        row,
        OWNER_RECOVERY,
        command="propose",
        role="operator",
        proposed_by=actor.identifier,
        proposed_at=clock.now(),
        reason=stated,
    )
    _record(row, actor, reason_commitment=commitment_to(row.salt, stated))
    return row


@transaction.atomic
def confirm_recovery(*, actor: Actor, recovery: str) -> OwnerRecovery:
    """Confirm it as the second person: every known contact is told at once, and five business days begin.

    If who proposed it may no more, or has declared an interest, the actor becomes the first. Raises IllegalTransition, Recused, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    row = _locked_for(actor, recovery)
    OWNER_RECOVERY.target(state=row.state, command="confirm", role="operator")
    now = clock.now()
    first = row.proposed_by or ""
    if not acts_for_operator(first, Permission.ADMISSION_WRITE) or related_to(row.organisation_id)(first):
        row.proposed_by, row.proposed_at = actor.identifier, now
        row.save(update_fields=["proposed_by", "proposed_at"])
        _record(row, actor, reason_commitment=commitment_to(row.salt, row.reason))
        return row
    actor.require_second_to(first)
    advance(
        row,
        OWNER_RECOVERY,
        command="confirm",
        role="operator",
        confirmed_by=actor.identifier,
        confirmed_at=now,
        ends_at=_end_of_waiting(now),
    )
    addresses = known_contacts(row.organisation)
    contacts = RecoveryContact.objects.bulk_create(
        RecoveryContact(recovery=row, address=address, language=language)
        for address, language in list(addresses.items())[:CONTACTS_MAX]
    )
    for contact in contacts:
        enqueue(kind=TELL_CONTACT, subject=f"{row.public_id}:{contact.pk}", arguments={"contact": contact.pk})
    _record(row, actor, proposed_by=row.proposed_by, contacts=len(contacts), ends_at=str(row.ends_at))
    return row


@transaction.atomic
def refuse_recovery(*, actor: Actor, recovery: str, reason: str) -> OwnerRecovery:
    """Refuse a recovery, also one that was objected to or is waiting. Raises Recused, FieldInvalid, IllegalTransition,
    Missing, PermissionNeeded, ProofNeeded, Forbidden."""
    row = _locked_for(actor, recovery)
    stated = required_text("reason", reason)
    advance(row, OWNER_RECOVERY, command="refuse", role="operator", reason=stated, ended_at=clock.now())
    _record(row, actor, reason_commitment=commitment_to(row.salt, stated))
    return row


@transaction.atomic
def object_to_recovery(*, token: str, reason: str) -> OwnerRecovery:
    """Object with the token that a known contact got by mail: the recovery stops. Raises ObjectionUnknown, FieldInvalid."""
    stated = required_text("reason", reason)
    told = RecoveryContact.objects.filter(token_digest=invitation_token_digest(token))
    row = _locked(OwnerRecovery.objects.filter(pk__in=told.values("recovery_id")))
    if row is None or row.state != OwnerRecoveryState.WAITING:
        raise ObjectionUnknown()
    return _object(row, PUBLIC_ACTOR, stated)


@transaction.atomic
def object_as_member(*, actor: Actor, recovery: str, reason: str) -> OwnerRecovery:
    """Object as any member of the organisation: the recovery stops. Raises IllegalTransition, FieldInvalid, Missing,
    PermissionNeeded, Forbidden."""
    actor.require(Permission.PERSON_OWN)
    actor.require_person()
    stated = required_text("reason", reason)
    row = _locked(
        OwnerRecovery.objects.filter(public_id=recovery, organisation_id=actor.require_organisation())
    )
    if row is None:
        raise Missing(kind="recovery", identifier=recovery)
    return _object(row, actor, stated)


@transaction.atomic
def conclude_recovery(public_id: str) -> bool:
    """Invite the new owner at the end of the waiting time; returns whether it did. The sweep calls it."""
    row = _locked(OwnerRecovery.objects.filter(public_id=public_id))
    if row is None or row.state != OwnerRecoveryState.WAITING or not row.ends_at:
        return False
    if row.ends_at > clock.now():
        return False
    advance(row, OWNER_RECOVERY, command="conclude", role="system", ended_at=clock.now())
    invitation = invite_after_recovery(recovery=row)
    _record(row, SYSTEM, invitation=invitation.public_id)
    return True


def known_contacts(organisation: Organisation) -> dict[str, str]:
    """The addresses of everybody the market knows at an organisation, with their languages: members, those who were its
    owners, its address for mail, and the contacts that it declared."""
    people = User.objects.filter(
        pk__in=Membership.objects.filter(organisation=organisation, ended_at=None).values("user_id")
    ) | User.objects.filter(
        pk__in=Membership.objects.filter(
            organisation=organisation,
            pk__in=RoleGrant.objects.filter(role=MemberRole.OWNER).values("membership_id"),
        ).values("user_id")
    )
    found = dict(people.order_by("pk").values_list("email", "language"))
    declarations = Admission.objects.filter(organisation=organisation).order_by("pk")
    stated = [organisation.contact_email]
    stated += [
        each.get("security_contact", "") for each in declarations.values_list("declarations", flat=True)
    ]
    for contact in (str(each).strip().lower() for each in stated):
        try:
            validate_email(contact)
        except ValidationError:
            continue
        found.setdefault(contact, "ja")
    return found


def _object(row: OwnerRecovery, actor: Actor, reason: str) -> OwnerRecovery:
    advance(row, OWNER_RECOVERY, command="object", role="contact", objection=reason)
    _record(row, actor, objection_commitment=commitment_to(row.salt, reason))
    return row


def _end_of_waiting(now: datetime) -> datetime:
    """The end of the fifth business day after today, in the market's time zone."""
    calendar, zone = BusinessCalendar(), clock.market_zone()
    last = calendar.add_business_days(clock.business_date(now), RECOVERY_BUSINESS_DAYS)
    return datetime.combine(last, time.max, zone).replace(microsecond=0)


def _locked_for(actor: Actor, public_id: str) -> OwnerRecovery:
    """A recovery that a person of the operator decides on, locked; raises Recused, Missing, PermissionNeeded, Forbidden."""
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    row = _locked(OwnerRecovery.objects.filter(public_id=public_id))
    if row is None:
        raise Missing(kind="recovery", identifier=public_id)
    require_unrelated(actor, row.organisation_id)
    return row


def _locked(rows: Any) -> OwnerRecovery | None:
    """The recovery, locked after its organisation."""
    key = rows.values_list("organisation_id", flat=True).first()
    if key is None:
        return None
    Organisation.objects.select_for_update(no_key=True).get(pk=key)
    row: OwnerRecovery | None = (
        rows.select_for_update(no_key=True, of=("self",)).select_related("organisation").first()
    )
    return row


def _record(row: OwnerRecovery, actor: Actor, **payload: Any) -> None:
    """Record in evidence that a recovery came to its present state, and tell it: never an address."""
    payload["organisation"] = row.organisation.public_id
    record(
        kind=f"participants.owner_recovery_{row.state}",
        subject=row.public_id,
        actor=actor,
        payload=payload,
    )
    emit(
        OwnerRecoveryMoved(
            recovery=row.public_id,
            of=row.organisation.public_id,
            state=str(row.state),
            ends_at=row.ends_at.isoformat() if row.ends_at else None,
        )
    )
