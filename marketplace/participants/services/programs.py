"""Programs of an organisation: who makes them, who answers for them, and how they end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import get_access_token_model

from marketplace.events.schemas.members import ProgramChanged
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import SCOPES, Permission, permissions_of

from ..bounds import PROGRAM_VALID, PROGRAM_WARNED_BEFORE, SECRETS_OVERLAP_MAX
from ..errors import ProgramRevoked
from ..models import Application, Membership, RoleGrant, User
from ..people_fields import required_text
from ..suspension_queries import require_active

HOURS_MAX = SECRETS_OVERLAP_MAX // timedelta(hours=1)


@transaction.atomic
def create_application(
    *,
    actor: Actor,
    name: str,
    scopes: Collection[str] | None = None,
    valid_days: int = PROGRAM_VALID.days,
) -> Application:
    """Make a program of the actor's organisation, for which the actor, a person, answers.

    ``scopes`` bounds what it may do, within what the actor may do and programs may have; without them it is all of
    that but signing. Its secret is good for ``valid_days``. Only ``issued_secret`` of the returned object has it in clear text.
    Raises PermissionNeeded, ProofNeeded, OrganisationSuspended, Forbidden, FieldInvalid.
    """
    actor.require(Permission.PROGRAMS_WRITE)
    actor.require_person()
    organisation_id = actor.require_organisation()
    require_active(organisation_id)
    stated = required_text("name", name)
    possible = SCOPES & actor.permissions
    wanted = possible - {Permission.CONTRACTS_SUBMIT} if scopes is None else frozenset(scopes)
    if not wanted or not wanted <= possible:
        raise _choose_from(possible)
    secret, now = generate_client_secret(), clock.real_now()
    application: Application = Application.objects.create(
        name=stated,
        organisation_id=organisation_id,
        responsible=User.objects.get(public_id=actor.identifier),
        scopes=sorted(wanted),
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=secret,
        secret_made_at=now,
        expires_at=now + timedelta(days=_within("valid_days", valid_days, 1, PROGRAM_VALID.days)),
    )
    application.issued_secret = secret
    record(
        kind="participants.application_created",
        subject=application.organisation.public_id,
        actor=actor,
        payload={"application": application.public_id, "scopes": application.scopes},
    )
    _tell(application, "created")
    return application


@transaction.atomic
def rotate_secret(*, actor: Actor, application: str, overlap_hours: int = 0) -> Application:
    """Make a new secret, good for a year; the one before is good for ``overlap_hours`` more, at most 24.

    Without an overlap its tokens end at once. Whoever knows the secret acts in the name of the person who answers for the
    program, so that person alone makes it: others take the program over first, or revoke it. Only ``issued_secret`` of the
    returned object has the secret in clear text. Raises ProgramRevoked, FieldInvalid, Missing, PermissionNeeded,
    ProofNeeded, Forbidden.
    """
    actor.require(Permission.PERSON_OWN)
    actor.require_person()
    row = _locked_own(actor, application)
    if row.responsible.public_id != actor.identifier:
        actor.require(Permission.PROGRAMS_WRITE)
        raise Forbidden(needed=Label("the person who answers for the program", "プログラムの責任者本人"))
    actor.require_fresh_proof()
    hours = _within("overlap_hours", overlap_hours, 0, HOURS_MAX)
    secret, now = generate_client_secret(), clock.real_now()
    row.previous_secret = row.client_secret if hours else ""
    row.previous_until = now + timedelta(hours=hours) if hours else None
    row.client_secret = secret
    row.secret_made_at, row.expires_at, row.warned_at = now, now + PROGRAM_VALID, None
    row.save()
    if not hours:
        _end_tokens(row)
    row.issued_secret = secret
    _record(row, actor, "rotated", overlap_hours=hours)
    return row


@transaction.atomic
def revoke_program(*, actor: Actor, application: str) -> Application:
    """Revoke a program of the actor's organisation for ever; its tokens end at once.

    Raises ProgramRevoked, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.PROGRAMS_WRITE, Permission.ORGANISATION_WRITE)
    actor.require_person()
    row = _locked_own(actor, application)
    row.revoked_at, row.revoked_by = clock.real_now(), actor.identifier
    row.next_responsible, row.previous_secret, row.previous_until = None, "", None
    row.save()
    _end_tokens(row)
    _record(row, actor, "revoked")
    return row


@transaction.atomic
def narrow_scopes(*, actor: Actor, application: str, scopes: Collection[str]) -> Application:
    """Leave a program some of its scopes; its tokens lose the others at once.

    Raises ProgramRevoked, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.PROGRAMS_WRITE, Permission.ORGANISATION_WRITE)
    actor.require_person()
    row = _locked_own(actor, application)
    if not scopes or not set(scopes) <= set(row.scopes):
        raise _choose_from(row.scopes)
    row.scopes = sorted(set(scopes))
    row.save(update_fields=["scopes", "updated"])
    _record(row, actor, "narrowed", scopes=row.scopes)
    return row


@transaction.atomic
def offer_program(*, actor: Actor, application: str, person: str) -> Application:
    """Offer a program to another member of the organisation, who takes it over itself.

    Raises ProgramRevoked, Missing (person), PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.PROGRAMS_WRITE, Permission.ORGANISATION_WRITE)
    actor.require_person()
    row = _locked_own(actor, application)
    members = Membership.objects.filter(
        organisation_id=row.organisation_id, ended_at=None, user__public_id=person
    )
    if (member := members.select_related("user").first()) is None:
        raise Missing(kind="member", identifier=person)
    row.next_responsible = member.user
    row.save(update_fields=["next_responsible", "updated"])
    _record(row, actor, "offered", person=person)
    return row


@transaction.atomic
def take_over_program(*, actor: Actor, application: str) -> Application:
    """Answer for a program from now on, as the member to whom it was offered. It needs all roles that its scopes need.

    Whoever knows its secret would act in the new person's name, so that ends: within a day, and at once with its tokens where
    the person before has left or is locked out. The new person makes another one (``rotate_secret``).
    Raises ProgramRevoked, FieldInvalid, Missing, PermissionNeeded, Forbidden.
    """
    actor.require(Permission.PERSON_OWN)
    actor.require_person()
    row = _locked_own(actor, application)
    if row.next_responsible is None or row.next_responsible.public_id != actor.identifier:
        raise Missing(kind="application", identifier=application)
    roles = RoleGrant.objects.filter(
        membership__user=row.next_responsible,
        membership__organisation_id=row.organisation_id,
        membership__ended_at=None,
        revoked_at=None,
    ).values_list("role", flat=True)
    held = permissions_of(list(roles), proved=True, is_operator=row.organisation.is_operator)
    if not set(row.scopes) <= held:
        raise FieldInvalid(
            "scopes",
            Label(
                "your roles do not allow all that the program may do; have its scopes narrowed first",
                "お持ちの役割ではプログラムの権限のすべてを引き受けられません。先に権限を絞ってください",
            ),
        )
    _end_known_secret(row)
    row.responsible, row.next_responsible = row.next_responsible, None
    row.save()
    _record(row, actor, "taken_over")
    return row


def _end_known_secret(row: Application) -> None:
    """Let the secret that others know be good for a day more, or no more where who answered is gone; nobody knows the next."""
    stays = Membership.objects.filter(
        user=row.responsible, user__is_active=True, organisation_id=row.organisation_id, ended_at=None
    ).exists()
    now = clock.real_now()
    row.previous_secret = row.client_secret if stays else ""
    row.previous_until = now + SECRETS_OVERLAP_MAX if stays else None
    row.client_secret, row.secret_made_at = generate_client_secret(), now
    if not stays:
        _end_tokens(row)


@transaction.atomic
def warn_of_expiry(public_id: str) -> bool:
    """Tell an organisation that the secret of a program ends soon; returns whether it did. The sweep calls it."""
    soon = clock.real_now() + PROGRAM_WARNED_BEFORE
    rows = Application.objects.select_for_update(no_key=True, of=("self",)).select_related("organisation")
    row = rows.filter(public_id=public_id, revoked_at=None, warned_at=None, expires_at__lte=soon).first()
    if row is None:
        return False
    row.warned_at = clock.real_now()
    row.save(update_fields=["warned_at"])
    _record(row, SYSTEM, "expiring")
    return True


def _locked_own(actor: Actor, public_id: str) -> Application:
    """A program of the actor's own organisation, locked; raises Missing, and ProgramRevoked."""
    rows = Application.objects.select_for_update(no_key=True, of=("self",))
    row: Application | None = (
        rows.select_related("organisation", "responsible", "next_responsible")
        .filter(public_id=public_id, organisation_id=actor.require_organisation())
        .first()
    )
    if row is None:
        raise Missing(kind="application", identifier=public_id)
    if row.revoked_at is not None:
        raise ProgramRevoked(application=public_id)
    return row


def _end_tokens(row: Application) -> None:
    get_access_token_model().objects.filter(application=row).delete()


def _within(field: str, number: int, least: int, most: int) -> int:
    """The number; raises FieldInvalid outside the bounds."""
    if not least <= number <= most:
        raise FieldInvalid(
            field, Label(f"specify {least} to {most}", f"{least} から {most} の範囲で指定してください")
        )
    return number


def _choose_from(possible: Collection[str]) -> FieldInvalid:
    listed = ", ".join(sorted(possible))
    return FieldInvalid("scopes", Label(f"choose from {listed}", f"{listed} から選んでください"))


def _record(row: Application, actor: Actor, change: str, **payload: Any) -> None:
    """Record what became of a program, and tell it."""
    payload["application"] = row.public_id
    record(
        kind=f"participants.application_{change}",
        subject=row.organisation.public_id,
        actor=actor,
        payload=payload,
    )
    _tell(row, change)


def _tell(row: Application, change: str) -> None:
    emit(
        ProgramChanged(
            program=row.public_id,
            organisation=row.organisation.public_id,
            change=change,
            expires_at=row.expires_at.isoformat(),
        )
    )
