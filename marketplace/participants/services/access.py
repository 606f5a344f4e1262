"""Give people and programs access to act for an organisation."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import get_access_token_model, set_token_value
from oauth2_provider.settings import oauth2_settings

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.labels import Label

from ..errors import EmailTaken
from ..models import Application, Membership, Organisation, User
from ..queries import require_owner
from ..states import MemberRole
from ..uniqueness import translate_duplicates

TOKEN_BYTES = 32


@transaction.atomic
def add_member(
    *, actor: Actor, organisation: str, email: str, name: str, role: str, password: str | None = None
) -> User:
    """Give a person access to act for an organisation. The actor is an owner of it or the operator.

    Without a ``password`` the person sets one through the reset mail. Raises EmailTaken, OwnerNeeded, Missing,
    FieldInvalid.
    """
    target = _organisation_for(actor, organisation)
    if role not in MemberRole.values:
        known = ", ".join(MemberRole.values)
        raise FieldInvalid("role", Label(f"choose one of {known}", f"{known} から選んでください"))
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
    Membership.objects.create(user=user, organisation=target, role=role, since=clock.now())
    record(
        kind="participants.member_added",
        subject=target.public_id,
        actor=actor,
        payload={"user": user.public_id, "role": role},
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
def create_application(*, actor: Actor, organisation: str, name: str) -> Application:
    """Give a program access to act for an organisation, by OAuth 2 client credentials.

    Only ``issued_secret`` of the returned object has the secret in clear text. Raises OwnerNeeded, Missing,
    FieldInvalid.
    """
    target = _organisation_for(actor, organisation)
    if not name.strip():
        raise FieldInvalid("name", Label("this field is required", "入力してください"))
    secret = generate_client_secret()
    application: Application = Application.objects.create(
        name=name.strip(),
        organisation=target,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=secret,
    )
    application.issued_secret = secret
    record(
        kind="participants.application_created",
        subject=target.public_id,
        actor=actor,
        payload={"application": application.public_id},
    )
    return application


@transaction.atomic
def issue_token(
    *, application: Application | str, scopes: Iterable[str], lifetime_seconds: int, actor: Actor = SYSTEM
) -> str:
    """Issue an access token to a program that the market itself starts; others request theirs at /oauth/token/.

    ``application`` is the program or its client id, ``scopes`` are names of ``OAUTH2_PROVIDER["SCOPES"]``. The
    lifetime is real time. Raises FieldInvalid, Forbidden, Missing.
    """
    actor.require_operator()
    program = application if isinstance(application, Application) else _application(application)
    wanted, scopes_known = sorted(set(scopes)), sorted(oauth2_settings.SCOPES)
    if not set(wanted) <= set(scopes_known):
        known = ", ".join(scopes_known)
        raise FieldInvalid("scopes", Label(f"known scopes are {known}", f"使えるスコープ: {known}"))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = get_access_token_model()(
        application=program,
        scope=" ".join(wanted),
        expires=clock.real_now() + timedelta(seconds=lifetime_seconds),
    )
    set_token_value(row, token)
    row.save()
    record(
        kind="participants.token_issued",
        subject=program.public_id,
        actor=actor,
        payload={"scopes": wanted, "lifetime_seconds": lifetime_seconds},
    )
    return token


def _application(client_id: str) -> Application:
    """The program of a client id; raises Missing."""
    program: Application | None = Application.objects.filter(client_id=client_id).first()
    if program is None:
        raise Missing(kind="application", identifier=client_id)
    return program


def _organisation_for(actor: Actor, public_id: str) -> Organisation:
    """The organisation, if the actor may give access to it: the operator, an owner, or a program of it.

    Raises Missing for another's organisation, OwnerNeeded for members who are not owners.
    """
    organisation = Organisation.objects.filter(public_id=public_id).first()
    if organisation is None:
        raise Missing(kind="organisation", identifier=public_id)
    actor.require_scope(organisation.pk, kind="organisation", identifier=public_id)
    require_owner(actor)
    return organisation
