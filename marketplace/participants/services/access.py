"""Give people and programs access to act for an organisation."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from oauth2_provider.generators import generate_client_secret

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import OPERATOR_ROLES, PARTICIPANT_ROLES, SCOPES, Permission

from ..errors import EmailTaken
from ..models import Application, Membership, Organisation, RoleGrant, User
from ..states import MemberRole
from ..suspension_queries import require_active
from ..uniqueness import translate_duplicates


@transaction.atomic
def add_member(
    *,
    actor: Actor,
    organisation: str,
    email: str,
    name: str,
    roles: Collection[str],
    password: str | None = None,
) -> User:
    """Make a person who acts for an organisation with ``roles``. The actor manages the members of it, and no others.

    Without a ``password`` the person sets one through the reset mail. People of the operator are added by the system
    alone, so that none of them makes a second one. Raises EmailTaken, PermissionNeeded, ProofNeeded, Forbidden,
    Missing, FieldInvalid.
    """
    actor.require(Permission.MEMBERS_WRITE)
    target = _own_organisation(actor, organisation)
    if target.is_operator and actor.role is not Role.SYSTEM:
        raise Forbidden(needed=Label("the administrator of the server", "サーバーの管理者"))
    # Trustees are appointed (``trustees``).
    known = OPERATOR_ROLES if target.is_operator else PARTICIPANT_ROLES - {MemberRole.TRUSTEE}
    if not roles or not known.issuperset(roles):
        listed = ", ".join(sorted(known))
        raise FieldInvalid("roles", Label(f"choose from {listed}", f"{listed} から選んでください"))
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise FieldInvalid(
            "email", Label("specify an e-mail address", "メールアドレスを指定してください")
        ) from None
    if password is not None:
        _check_password(password)
    with translate_duplicates({"user_email_once": EmailTaken()}):
        user = User.objects.create_user(address, password, name=name.strip())
    now = clock.now()
    membership = Membership.objects.create(user=user, organisation=target, since=now)
    granted = sorted(set(roles))
    RoleGrant.objects.bulk_create(
        RoleGrant(membership=membership, role=role, granted_at=now, granted_by=actor.identifier)
        for role in granted
    )
    record(
        kind="participants.member_added",
        subject=target.public_id,
        actor=actor,
        payload={"user": user.public_id, "roles": granted},
    )
    return user


def _check_password(password: str) -> None:
    """Check the password's length and that it is not common; raises FieldInvalid."""
    try:
        validate_password(password)
    except ValidationError:
        raise FieldInvalid(
            "password",
            Label(
                "choose a longer, less common password", "より長く、推測されにくいパスワードにしてください"
            ),
        ) from None


@transaction.atomic
def create_application(*, actor: Actor, name: str, scopes: Collection[str] | None = None) -> Application:
    """Make a program of the actor's organisation, for which the actor, a person, answers.

    ``scopes`` bounds what it may do, within what the actor may do and programs may have; without them it is all of
    that. Only ``issued_secret`` of the returned object has the secret in clear text. Raises PermissionNeeded,
    ProofNeeded, OrganisationSuspended, Forbidden, FieldInvalid.
    """
    actor.require(Permission.PROGRAMS_WRITE)
    actor.require_person()
    organisation_id = actor.require_organisation()
    require_active(organisation_id)
    if not name.strip():
        raise FieldInvalid("name", Label("this field is required", "入力してください"))
    possible = SCOPES & actor.permissions
    wanted = possible if scopes is None else frozenset(scopes)
    if not wanted or not wanted <= possible:
        listed = ", ".join(sorted(possible))
        raise FieldInvalid("scopes", Label(f"choose from {listed}", f"{listed} から選んでください"))
    secret = generate_client_secret()
    application: Application = Application.objects.create(
        name=name.strip(),
        organisation_id=organisation_id,
        responsible=User.objects.get(public_id=actor.identifier),
        scopes=sorted(wanted),
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=secret,
    )
    application.issued_secret = secret
    record(
        kind="participants.application_created",
        subject=application.organisation.public_id,
        actor=actor,
        payload={"application": application.public_id, "scopes": application.scopes},
    )
    return application


def _own_organisation(actor: Actor, public_id: str) -> Organisation:
    """The organisation, if it is the actor's own; raises Missing for any other. The system acts for each."""
    organisation = Organisation.objects.filter(public_id=public_id).first()
    if organisation is None or (actor.role is not Role.SYSTEM and organisation.pk != actor.organisation_id):
        raise Missing(kind="organisation", identifier=public_id)
    return organisation
