"""Everybody who calls the API: each kind of caller, and what the table of permissions lets it do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from oauth2_provider.models import get_access_token_model

from fixtures.sessions import open_session
from marketplace.api.permissions import Keyed, Needs, Public, permissions_in
from marketplace.kernel import clock
from marketplace.kernel.permissions import (
    PROOF_MINUTES,
    READS,
    RULES,
    SCOPES,
    Permission,
    permissions_of,
)
from marketplace.participants.models import Membership, Organisation, Session, User
from marketplace.participants.sessions import digest_of_token
from tests.client import KeyedClient
from tests.participants import factories as parties

EVERYTHING = "everything"
"""The caller of a side with every role and a fresh proof: whoever may call a route of that side, it may."""
STALE_SECONDS = PROOF_MINUTES * 60 + 60


class Verdict(Enum):
    """What the table says of a caller and a route: the status, and the code of a refusal."""

    UNKNOWN = (401, "not_authenticated")
    REFUSED = (403, "permission_needed")
    UNPROVED = (403, "proof_needed")
    HIDDEN = (404, "not_found")
    MAY = (0, "")


@dataclass(frozen=True)
class Caller:
    """One kind of caller. ``side``: for whom it acts. ``permissions``: what it holds; ``proved``: whether its proof is fresh.

    ``is_ended``: its session or token has ended. ``scope``: the only one of a program. ``header``: where its ``token`` goes.
    """

    name: str
    side: str = ""
    token: str = ""
    permissions: frozenset[Permission] = frozenset()
    proved: bool = False
    is_ended: bool = False
    scope: str = ""
    header: str = "HTTP_AUTHORIZATION"

    def client(self) -> KeyedClient:
        """A client of the API with its credential; a fault of the market is an answer to it, as to anybody."""
        client = KeyedClient(raise_request_exception=False)
        if self.token:
            client.credentials(**{self.header: self.token})
        return client

    def verdict(self, needs: Needs, *, authenticates: bool = True) -> Verdict:
        """What the table says of this caller on a route; ``authenticates``: whether the route reads credentials."""
        if self.is_ended and authenticates:
            return Verdict.UNKNOWN
        if isinstance(needs, Public):
            return Verdict.MAY
        if isinstance(needs, Keyed):
            return Verdict.HIDDEN
        if not self.token:
            return Verdict.UNKNOWN
        held = self.permissions.intersection(permissions_in(needs))
        if not held:
            return Verdict.REFUSED
        fresh = self.proved or not all(RULES[permission].fresh for permission in held)
        return Verdict.MAY if fresh else Verdict.UNPROVED


def person(
    side: str,
    subject: Organisation,
    name: str,
    roles: frozenset[str],
    *,
    proved_seconds_ago: float | None = 0,
) -> Caller:
    """A caller with a session of a new person of ``subject``."""
    member = parties.person_of(subject, f"{side}-{name.replace(' ', '-')}", roles)
    return session_of(member, side, subject, name, roles, proved_seconds_ago=proved_seconds_ago)


def session_of(
    member: User,
    side: str,
    subject: Organisation,
    name: str,
    roles: frozenset[str],
    *,
    proved_seconds_ago: float | None = 0,
) -> Caller:
    """A caller with a session of a member of ``subject`` who has ``roles``."""
    proved = proved_seconds_ago is not None
    return Caller(
        f"{side}: {name}",
        side,
        f"Bearer {open_session(member, proved_seconds_ago=proved_seconds_ago)}",
        permissions_of(roles, proved=proved, is_operator=subject.is_operator),
        proved=proved and proved_seconds_ago == 0,
    )


def programs(side: str, subject: Organisation) -> list[Caller]:
    """A program with each scope, one that only reads, and one whose token has expired."""
    application = parties.application_of(subject, sorted(SCOPES & _held_by_all(subject)))
    wanted = {f"program {scope}": frozenset({scope}) for scope in sorted(SCOPES)}
    wanted["program that reads"] = READS & SCOPES
    found = [
        Caller(
            f"{side}: {name}",
            side,
            f"Bearer {parties.token_of(application, scopes)}",
            frozenset(scopes) & _held_by_all(subject),
            scope=next(iter(scopes)) if len(scopes) == 1 else "",
        )
        for name, scopes in wanted.items()
    ]
    expired = parties.token_of(application)
    newest = get_access_token_model().objects.order_by("-pk").first()
    newest.expires = clock.real_now() - timedelta(minutes=1)
    newest.save(update_fields=["expires"])
    return [
        *found,
        Caller(f"{side}: program with an expired token", side, f"Bearer {expired}", is_ended=True),
    ]


def _held_by_all(subject: Organisation) -> frozenset[Permission]:
    return permissions_of(parties.roles_of(subject), proved=True, is_operator=subject.is_operator)


def people(side: str, subject: Organisation) -> list[Caller]:
    """A person with each role alone, with all, without a proof, with an old one, and with a session that has ended."""
    roles = parties.roles_of(subject)
    ended = person(side, subject, "ended session", roles)
    Session.objects.filter(session_key=digest_of_token(ended.token.removeprefix("Bearer "))).update(
        expire_date=clock.real_now() - timedelta(hours=1)
    )
    return [
        Caller(ended.name, side, ended.token, is_ended=True),
        all_roles(side, subject),
        *(person(side, subject, role, frozenset({role})) for role in sorted(roles)),
        person(side, subject, "unproved", roles, proved_seconds_ago=None),
        person(side, subject, "old proof", roles, proved_seconds_ago=STALE_SECONDS),
    ]


def all_roles(side: str, subject: Organisation) -> Caller:
    """A person with every role and a fresh proof."""
    return person(side, subject, EVERYTHING, parties.roles_of(subject))


def nobody(subject: Organisation) -> list[Caller]:
    """Who sends no credential, and a person who has left the only organisation that it was of."""
    left = person("nobody", subject, "left", frozenset({"trader"}))
    Membership.objects.filter(organisation=subject, user__email="nobody-left@example.jp").update(
        ended_at=clock.now()
    )
    gone = Caller("left", "", left.token, frozenset({Permission.PERSON_OWN}))
    return [Caller("anonymous"), gone]
