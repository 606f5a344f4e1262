"""Participants for tests, made by the services that make them everywhere."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.core import mail
from django.db import transaction
from oauth2_provider.models import get_access_token_model, set_token_value
from stdnum.jp import cn

from fixtures.sessions import open_session
from marketplace.evidence.services import record
from marketplace.jobs.runner import run_due
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor, Role
from marketplace.kernel.permissions import OPERATOR_ROLES, PARTICIPANT_ROLES, PROOF_MINUTES, permissions_of
from marketplace.participants import queries, services
from marketplace.participants.models import (
    Admission,
    Application,
    Invitation,
    Membership,
    Organisation,
    OrganisationRelation,
    OwnerRecovery,
    RoleGrant,
    Segment,
    Session,
    User,
)
from marketplace.participants.principal import load_person
from tests.client import KeyedClient

DECLARATIONS = {"antisocial_forces_excluded": True, "security_contact": "security@example.jp"}
PAYOUT_ACCOUNT = {
    "bank_code": "0001",
    "branch_code": "002",
    "account_type": "ordinary",
    "account_number": "1234567",
    "account_holder_kana": "ｻﾝﾎﾟ(ｶ",
}

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

_numbers = itertools.count(100_000_000_000)
_people = itertools.count(1)


def corporate_number() -> str:
    """A corporate number with the right check digit, another one each time."""
    digits = str(next(_numbers))
    return cn.calc_check_digit(digits) + digits


def organisation(label: str = "A", *, operator_affiliate: bool = False, **changes: Any) -> Organisation:
    """A registered business in Japan; an affiliate of the operator, which there is then, by a relation that it declares."""
    facts: dict[str, Any] = {
        "name": {"ja": f"組織{label}", "en": f"Organisation {label}"},
        "corporate_number": corporate_number(),
        "kind": "business",
        "address": "東京都千代田区1-1",
        "representative": "代表 太郎",
    }
    made = services.register_organisation(actor=SYSTEM, **(facts | changes))
    if operator_affiliate:
        affiliate(made)
        made.refresh_from_db()
    return made


def affiliate(subject: Organisation) -> OrganisationRelation:
    """The relation to the operator, which there is then, that an organisation declares; it is its affiliate while this stands."""
    related = Organisation.objects.filter(is_operator=True).first() or operator()
    return services.state_relation(
        actor=member_for(subject, f"usr_{subject.public_id[4:]}"),
        related=related.public_id,
        kind="affiliate",
        document="株主名簿",
    )


def operator() -> Organisation:
    """The market's operator."""
    return organisation("運営", is_operator=True)


def actor_for(subject: Organisation, identifier: str = "") -> Actor:
    """Somebody who acts for ``subject``, with every role and a fresh proof.

    For the operator it is a person on record (``known_person``), as whatever takes two people demands; without an
    ``identifier`` always the same one. Who acts for a participant is on record only by ``member_for``.
    """
    identifier = identifier or ("usr_desk" if subject.is_operator else "app_test")
    if subject.is_operator and identifier.startswith("usr_"):
        known_person(subject, identifier)
    return Actor(
        identifier,
        Role.OPERATOR if subject.is_operator else Role.PARTICIPANT,
        subject.pk,
        subject.public_id,
        permissions_of(roles_of(subject), proved=True, is_operator=subject.is_operator),
        proved_at=clock.real_now(),
        responsible=identifier,
    )


def member_for(subject: Organisation, identifier: str) -> Actor:
    """A person on record who acts for ``subject``, with every role and a fresh proof."""
    known_person(subject, identifier)
    return actor_for(subject, identifier)


def segment(code: str = "mobility") -> Segment:
    """The open segment of this code."""
    existing = Segment.objects.filter(code=code).first()
    return existing or services.open_segment(actor=SYSTEM, code=code, name={"ja": f"分野{code}", "en": code})


def application_for(subject: Organisation, code: str = "mobility", capacity: str = "buyer") -> Admission:
    """An application for admission that waits for the rules."""
    segment(code)
    return services.apply_for_admission(
        actor=actor_for(subject), segment=code, capacity=capacity, declarations=DECLARATIONS
    )


def admit(subject: Organisation, code: str = "mobility", capacity: str = "buyer") -> Admission:
    """An admission that the rules gave."""
    admission = application_for(subject, code, capacity)
    return services.decide_admission(
        actor=SYSTEM, admission=admission.public_id, outcome="allow", decision="dec_test"
    )


def admitted(label: str = "A", code: str = "mobility", capacity: str = "buyer") -> Organisation:
    """A business that is admitted to one segment."""
    subject = organisation(label)
    admit(subject, code, capacity)
    assert queries.is_admitted(subject.pk, code, capacity)
    return subject


def roles_of(subject: Organisation) -> frozenset[str]:
    """Every role that a member of ``subject`` can be given; a trustee is appointed."""
    return OPERATOR_ROLES if subject.is_operator else PARTICIPANT_ROLES - {"trustee"}


def person_of(subject: Organisation, name: str = "second", roles: Collection[str] | None = None) -> User:
    """A member of ``subject``, who signs in; with every role, unless the test states others."""
    return services.add_member(
        actor=SYSTEM,
        organisation=subject.public_id,
        email=f"{name}@example.jp",
        name=name,
        roles=roles_of(subject) if roles is None else roles,
    )


def keep_proved(person: str) -> None:
    """Let a person have a session with a proof of a second factor that is fresh for some minutes, as if it had just signed in.

    The database asks for it of whoever approves what takes two people.
    """
    now = clock.real_now()
    lasting = Session.objects.filter(user__public_id=person, expire_date__gt=now)
    if not lasting.filter(proved_at__gt=now - timedelta(minutes=PROOF_MINUTES / 2)).exists():
        open_session(User.objects.get(public_id=person))


@transaction.atomic
def known_person(subject: Organisation, identifier: str) -> User:
    """The member of ``subject`` of this public identifier, with every role and a session proved just now.

    Made if need be, as ``add_member`` makes people, which draws identifiers: tests read better with names. It is there since
    before the moments to which tests move the clock.
    """
    person = User.objects.filter(public_id=identifier).first() or _add_named(subject, identifier)
    keep_proved(identifier)
    return person


def _add_named(subject: Organisation, identifier: str) -> User:
    person = User.objects.create(
        public_id=identifier, email=f"{identifier.lower()}@example.jp", name=identifier, password="!"
    )
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    membership = Membership.objects.create(user=person, organisation=subject, since=LONG_AGO)
    roles = sorted(roles_of(subject))
    RoleGrant.objects.bulk_create(
        RoleGrant(membership=membership, role=role, granted_at=LONG_AGO, granted_by="system")
        for role in roles
    )
    record(
        kind="participants.member_added",
        subject=subject.public_id,
        actor=SYSTEM,
        payload={"user": identifier, "roles": roles},
    )
    return person


def staff(*identifiers: str) -> None:
    """People of the operator under these identifiers, with every role and a fresh proof; makes an operator if there is none."""
    found = Organisation.objects.filter(is_operator=True).first() or operator()
    for identifier in identifiers:
        known_person(found, identifier)


def actor_of(
    person: User, subject: Organisation | None = None, *, proved_seconds_ago: float | None = 0
) -> Actor:
    """A person as the market knows it by a session, acting for ``subject`` where it belongs to several."""
    principal = load_person(
        open_session(person, proved_seconds_ago=proved_seconds_ago), subject.public_id if subject else None
    )
    assert principal is not None
    return principal.actor


def token_in_mail(about: Invitation | OwnerRecovery) -> str:
    """The token that was last sent to the invited person, or to a known contact of a recovery."""
    run_due("mail")
    sent = [each for each in mail.outbox if about.public_id in each.subject]
    (token,) = re.findall(r"^(ivk_\S+)$", sent[-1].body, re.MULTILINE)
    return str(token)


def owner_of(subject: Organisation) -> User:
    """An owner of ``subject``: its first one, or a new one."""
    held = RoleGrant.objects.filter(
        membership__organisation=subject, membership__ended_at=None, role="owner", revoked_at=None
    )
    found = held.select_related("membership__user").order_by("pk").first()
    return found.membership.user if found else person_of(subject, f"owner-{next(_people)}", ("owner",))


def signatory_of(subject: Organisation) -> User:
    """A person who signs for ``subject``: its first one, or a new one."""
    held = RoleGrant.objects.filter(
        membership__organisation=subject, membership__ended_at=None, role="signatory", revoked_at=None
    )
    found = held.select_related("membership__user").order_by("pk").first()
    return found.membership.user if found else person_of(subject, f"signatory-{next(_people)}")


def signing_actor(subject: Organisation) -> Actor:
    """A signatory of ``subject``, with every permission and a fresh proof."""
    person = signatory_of(subject).public_id
    keep_proved(person)
    return actor_for(subject, person)


def join(person: User, subject: Organisation, *roles: str) -> Membership:
    """One more membership of a person, by an invitation that it accepted."""
    invitation = services.invite(actor=actor_of(owner_of(subject), subject), email=person.email, roles=roles)
    return services.join_organisation(
        actor=actor_of(person) if not _memberships(person) else actor_of(person, _memberships(person)[0]),
        token=token_in_mail(invitation),
    )


def _memberships(person: User) -> list[Organisation]:
    rows = Membership.objects.filter(user=person, ended_at=None).select_related("organisation")
    return [row.organisation for row in rows.order_by("pk")]


def leave(person: User) -> None:
    """The person leaves every organisation; where it is the last owner, another one is there first."""
    for subject in _memberships(person):
        person_of(subject, f"stays-{next(_people)}", ("owner",))
        services.leave(actor=actor_of(person, subject))


def client_of(
    subject: Organisation,
    *,
    roles: Collection[str] | None = None,
    person: User | None = None,
    proved_seconds_ago: float | None = 0,
) -> KeyedClient:
    """An API client with a session of a person of ``subject``: of ``person``, or of a new one with ``roles``."""
    known = person or person_of(subject, f"desk-{next(_people)}", roles)
    return bearer_client(open_session(known, proved_seconds_ago=proved_seconds_ago))


def application_of(subject: Organisation, scopes: Collection[str] | None = None) -> Application:
    """A program of ``subject``, for which a person with every role answers."""
    person = person_of(subject, f"answering-{next(_people)}")
    return services.create_application(
        actor=actor_for(subject, person.public_id), name="program", scopes=scopes
    )


def token_of(application: Application, scopes: Collection[str] | None = None) -> str:
    """An access token of a program, as the market would issue it; with all its scopes, unless the test states others."""
    token = secrets.token_urlsafe(32)
    row = get_access_token_model()(
        application=application,
        scope=" ".join(application.scopes if scopes is None else scopes),
        expires=clock.real_now() + timedelta(minutes=10),
    )
    set_token_value(row, token)
    row.save()
    return token


def program_of(subject: Organisation, scopes: Collection[str] | None = None) -> KeyedClient:
    """An API client with a token of a program of ``subject``."""
    return bearer_client(token_of(application_of(subject, scopes)))


def bearer_client(token: str) -> KeyedClient:
    """An API client that holds this token."""
    client = KeyedClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client
