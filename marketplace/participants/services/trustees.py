"""Appoint the trustee of an organisation in insolvency proceedings: by two people of admission, with the court's document."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef

from marketplace.events.schemas.participants import TrusteeAppointed
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission
from marketplace.kernel.states import advance
from marketplace.kernel.suspensions import SuspensionKind

from ..errors import AlreadyAMember, EmailTaken, StaffApart
from ..interest_queries import related_to, require_unrelated, require_unrelated_person
from ..models import Membership, Organisation, RoleGrant, TrusteeAppointment, User
from ..people_fields import checked_email, checked_sha256, required_text
from ..queries import acts_for_operator
from ..second_person_errors import FirstPersonGone
from ..states import TRUSTEE, MemberRole, TrusteeState
from ..suspension_errors import NotInInsolvency, TrusteeProposed
from ..suspension_queries import standing_suspensions
from ..uniqueness import translate_duplicates
from .inviting import end_invitations_of_trustees, invite_trustee
from .organisations import locked_organisation


@transaction.atomic
def propose_trustee(
    *, actor: Actor, organisation: str, email: str, name: str, document: str, document_sha256: str
) -> TrusteeAppointment:
    """Propose the trustee whom a court appointed; another person of admission confirms.

    ``document`` is the number of the court's order, ``document_sha256`` that of its copy. The same proposal again gives the
    one that waits; it takes the place of one whose proposer has declared an interest since. Raises NotInInsolvency, TrusteeProposed, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_person()
    stated = {
        "email": checked_email(email),
        "name": required_text("name", name),
        "document": required_text("document", document),
        "document_sha256": checked_sha256("document_sha256", document_sha256),
    }
    subject = locked_organisation(organisation)
    require_unrelated(actor, subject.pk)
    suspension = standing_suspensions(subject.pk).filter(kind=SuspensionKind.INSOLVENCY).first()
    if suspension is None:
        raise NotInInsolvency(organisation=subject.public_id)
    waiting = TrusteeAppointment.objects.filter(
        suspension=suspension, email=stated["email"], state=TrusteeState.PROPOSED
    )
    known = waiting.first()
    if known is not None and related_to(subject.pk)(known.proposed_by):
        _withdraw(actor, known, subject)
    elif known is not None:
        if any(getattr(known, name) != value for name, value in stated.items()):
            raise TrusteeProposed(appointment=known.public_id)
        return known
    appointment = TrusteeAppointment.objects.create(
        suspension=suspension,
        proposed_by=actor.identifier,
        proposed_at=clock.now(),
        **stated,
    )
    _record(actor, appointment, subject)
    return appointment


@transaction.atomic
def appoint_trustee(*, actor: Actor, appointment: str) -> TrusteeAppointment:
    """Confirm a trustee as the second person of admission: it belongs to the organisation from now, and acts for it.

    Without a login the trustee gets one, and sets a password through the reset mail. Somebody who has a login is put into no
    organisation unasked: it is invited, and belongs to the organisation once it joins. Emits trustee.appointed. Raises
    IllegalTransition, NotInInsolvency, FirstPersonGone, Recused, FirstPersonRecused, AlreadyAMember, StaffApart, Missing, PermissionNeeded, ProofNeeded,
    Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    row, subject = _locked(appointment)
    require_unrelated(actor, subject.pk)
    TRUSTEE.target(state=row.state, command="appoint", role=actor.role.value)
    actor.require_second_to(row.proposed_by)
    if not acts_for_operator(row.proposed_by, Permission.ADMISSION_WRITE):
        raise FirstPersonGone(first=row.proposed_by)
    require_unrelated_person(row.proposed_by, subject.pk)
    if not standing_suspensions(subject.pk).filter(pk=row.suspension_id).exists():
        raise NotInInsolvency(organisation=subject.public_id)
    known = User.objects.filter(email=row.email).first()
    if known is not None:
        _require_joins(known, subject)
    with translate_duplicates({"user_email_once": EmailTaken()}):
        person = known or User.objects.create_user(row.email, None, name=row.name)
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
    if known is None:
        membership = Membership.objects.create(user=person, organisation=subject, since=now)
        RoleGrant.objects.create(
            membership=membership, role=MemberRole.TRUSTEE, granted_at=now, granted_by=actor.identifier
        )
    else:
        invite_trustee(organisation=subject, person=known)
    _record(actor, row, subject, user=person.public_id)
    emit(TrusteeAppointed(organisation=subject.public_id, appointment=row.public_id))
    return row


def _require_joins(person: User, organisation: Organisation) -> None:
    """Raise AlreadyAMember or StaffApart where a person who has a login could not join the organisation."""
    live = Membership.objects.filter(user=person, ended_at=None)
    if live.filter(organisation=organisation).exists():
        raise AlreadyAMember()
    if live.filter(organisation__is_operator=True).exists():
        raise StaffApart()


@transaction.atomic
def withdraw_trustee(*, actor: Actor, appointment: str) -> TrusteeAppointment:
    """Withdraw a proposal that is not confirmed. Raises IllegalTransition, Recused, Missing, PermissionNeeded, ProofNeeded."""
    actor.require(Permission.ADMISSION_WRITE)
    row, subject = _locked(appointment)
    require_unrelated(actor, subject.pk)
    _withdraw(actor, row, subject)
    return row


def _withdraw(actor: Actor, row: TrusteeAppointment, subject: Organisation) -> None:
    advance(
        row,
        TRUSTEE,
        command="withdraw",
        role=actor.role.value,
        ended_by=actor.identifier,
        ended_at=clock.now(),
    )
    _record(actor, row, subject)


def end_trustees(*, actor: Actor, organisation: Organisation) -> None:
    """Revoke the role of the trustees of an organisation whose insolvency proceedings ended; who has no other role leaves."""
    end_invitations_of_trustees(organisation)
    held = RoleGrant.objects.filter(
        membership__organisation=organisation, role=MemberRole.TRUSTEE, revoked_at=None
    )
    people = list(held.values_list("membership__user__public_id", flat=True))
    if not people:
        return
    held.update(revoked_at=clock.now())
    roles = RoleGrant.objects.filter(membership=OuterRef("pk"), revoked_at=None)
    gone = Membership.objects.filter(organisation=organisation, ended_at=None, user__public_id__in=people)
    gone.filter(~Exists(roles)).update(ended_at=clock.now())
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
            "named_commitment": commitment_to(row.salt, row.email, row.name),
            **details,
        },
    )
