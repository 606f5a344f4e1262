"""The actor of a command: every service takes one, whether called over HTTP, by a task or by a management command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from . import clock
from .errors import (
    Forbidden,
    Missing,
    OrganisationSuspended,
    PermissionNeeded,
    ProofNeeded,
    TrusteeActs,
)
from .labels import Label
from .permissions import PROOF_MINUTES, RULES, Permission


class Role(StrEnum):
    """The role of an actor. Buyer and seller depend on the trade, not on the actor."""

    PARTICIPANT = "participant"
    OPERATOR = "operator"
    SYSTEM = "system"


PERSON_PREFIX = "usr"
"""The prefix of the identifiers of people; programs have another."""
PERSON_PATTERN = f"^{PERSON_PREFIX}_"
"""Identifiers of people, as ``Actor.is_person`` tells them from programs."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who gives a command: a public ``identifier`` for the record, and the organisation it acts for, if any.

    ``organisation_id`` is the database key, ``organisation`` the public identifier of the same organisation.
    ``permissions``: what the actor may do. ``proved_at``: the real time of the person's last proof of a second factor.
    ``responsible``: the person who answers for a program; of a person, its own identifier. ``withheld``: what the actor
    might do if its organisation were not suspended.
    """

    identifier: str
    role: Role
    organisation_id: int | None = None
    organisation: str | None = None
    permissions: frozenset[Permission] = frozenset()
    proved_at: datetime | None = None
    responsible: str = ""
    withheld: frozenset[Permission] = frozenset()

    def may(self, *permissions: Permission) -> bool:
        """Whether the actor holds one of ``permissions``; the system holds all."""
        return self.role is Role.SYSTEM or not self.permissions.isdisjoint(permissions)

    def require(self, *permissions: Permission) -> None:
        """Raise PermissionNeeded unless the actor holds one of ``permissions``.

        Raises OrganisationSuspended or TrusteeActs if a suspension withholds it, ProofNeeded if each that it holds needs a
        fresh proof and the last one is too old.
        """
        if self.role is Role.SYSTEM:
            return
        if not self.may(*permissions):
            self._require_not_withheld(permissions)
            raise PermissionNeeded(permission=permissions[0].value, needed=RULES[permissions[0]].label)
        if all(RULES[permission].fresh for permission in self.permissions.intersection(permissions)):
            self.require_fresh_proof()

    def _require_not_withheld(self, permissions: tuple[Permission, ...]) -> None:
        """Raise OrganisationSuspended or TrusteeActs if a suspension withholds one of ``permissions``."""
        for permission in permissions:
            if permission in self.withheld:
                if RULES[permission].begins:
                    raise OrganisationSuspended(organisation=self.organisation)
                raise TrusteeActs(organisation=self.organisation)

    def require_fresh_proof(self) -> None:
        """Raise ProofNeeded unless the person proved a second factor within ``PROOF_MINUTES``; the system need not."""
        if self.role is Role.SYSTEM:
            return
        earliest = clock.real_now() - timedelta(minutes=PROOF_MINUTES)
        if self.proved_at is None or self.proved_at < earliest:
            raise ProofNeeded(within_minutes=PROOF_MINUTES)

    def require_operator(self) -> None:
        """Raise Forbidden unless the actor is the operator or the system."""
        if self.role is Role.PARTICIPANT:
            raise Forbidden(needed=Label("the operator", "運営者"))

    def require_system(self) -> None:
        """Raise Forbidden unless the market itself acts: what follows from events is no command of anybody."""
        if self.role is not Role.SYSTEM:
            raise Forbidden(needed=Label("the market itself", "市場システム"))

    @property
    def is_person(self) -> bool:
        """Whether a person gives the command, not a program or the market itself."""
        return self.identifier.startswith(f"{PERSON_PREFIX}_")

    def require_person(self) -> None:
        """Raise Forbidden unless a person gives the command: programs decide nothing as a second person."""
        if not self.is_person:
            raise Forbidden(needed=Label("a person, not a program,", "プログラムではなく担当者本人"))

    def require_second_to(self, first_person: str) -> None:
        """Raise Forbidden unless a person gives the command, another than ``first_person`` who gave it first."""
        self.require_person()
        if first_person in ("", self.identifier):
            raise Forbidden(needed=Label("a second person", "二人目の担当者"))

    def require_organisation(self) -> int:
        """The key of the organisation that the actor acts for; raises Forbidden if there is none."""
        if self.organisation_id is None:
            raise Forbidden(needed=Label("a member of an organisation", "組織の構成員"))
        return self.organisation_id

    def may_see(self, *organisation_ids: int | None) -> bool:
        """Whether the actor may see a subject of these organisations: its own, or as operator or system."""
        return self.role is not Role.PARTICIPANT or self.organisation_id in organisation_ids

    def require_scope(self, *organisation_ids: int | None, kind: str, identifier: str) -> None:
        """Raise Missing where the subject is outside the actor's scope, as if it did not exist."""
        if not self.may_see(*organisation_ids):
            raise Missing(kind=kind, identifier=identifier)


SYSTEM = Actor(identifier="system", role=Role.SYSTEM)
