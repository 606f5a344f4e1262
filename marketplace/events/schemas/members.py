"""Events of people: who joins and leaves an organisation, what takes a second owner, and its programs."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import OPERATOR_ONLY, Event, seen_by


@dataclass(frozen=True, kw_only=True)
class MemberJoined(Event):
    """A person joined an organisation by accepting its invitation."""

    type = "member.joined"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    member: str


@dataclass(frozen=True, kw_only=True)
class MemberChanged(Event):
    """What a member may do changed. ``change``: ``grant`` or ``revoke`` with the ``role``, or ``end``; ``by`` decided it."""

    type = "member.changed"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    member: str
    change: str
    role: str
    by: str


@dataclass(frozen=True, kw_only=True)
class SecondOwnerNeeded(Event):
    """A second owner is to confirm an invitation, a change of a membership, or a reset (``change``); ``matter`` names it."""

    type = "second_owner.needed"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    matter: str
    change: str


@dataclass(frozen=True, kw_only=True)
class SecondOwnerEnded(Event):
    """What waited for a second owner was confirmed, withdrawn or lapsed."""

    type = "second_owner.ended"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    matter: str


@dataclass(frozen=True, kw_only=True)
class ProgramChanged(Event):
    """A program of an organisation was ``created``, ``rotated``, ``revoked``, ``narrowed``, ``offered`` to another person,
    ``taken_over`` by it, or is ``expiring`` (``change``). ``expires_at``: when its secret ends, in ISO 8601."""

    type = "program.changed"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    program: str
    change: str
    expires_at: str


@dataclass(frozen=True, kw_only=True)
class LoginChanged(Event):
    """The login of a member was ``locked`` by the operator or ``released``; or the reset of its second factor was
    ``reset_asked``, ``reset_done`` or ``reset_stopped`` (``change``). ``cause`` names the lock or the reset."""

    type = "login.changed"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    member: str
    change: str
    cause: str


@dataclass(frozen=True, kw_only=True)
class LoginReleaseProposed(Event):
    """One person of the operator proposed to release a locked login; another is to confirm it, or somebody did."""

    type = "login.release_proposed"
    subject_field = "lock"
    audience = OPERATOR_ONLY

    lock: str
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class OwnerRecoveryMoved(Event):
    """The recovery of an owner of an organisation came to a state."""

    type = "owner_recovery.moved"
    subject_field = "recovery"
    audience = OPERATOR_ONLY

    recovery: str
    of: str
    state: str
    ends_at: str | None
