"""The actor of a command: every service takes one, whether called over HTTP, by a task or by a management command."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .errors import Forbidden, Missing
from .labels import Label


class Role(StrEnum):
    """The role of an actor. Buyer and seller depend on the trade, not on the actor."""

    PARTICIPANT = "participant"
    OPERATOR = "operator"
    SYSTEM = "system"


PERSON_PREFIX = "usr"
"""The prefix of the identifiers of people; programs have another."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who gives a command: a public ``identifier`` for the record, and the organisation it acts for, if any.

    ``organisation_id`` is the database key, ``organisation`` the public identifier of the same organisation.
    """

    identifier: str
    role: Role
    organisation_id: int | None = None
    organisation: str | None = None

    def require_operator(self) -> None:
        """Raise Forbidden unless the actor is the operator or the system."""
        if self.role is Role.PARTICIPANT:
            raise Forbidden(needed=Label("the operator", "運営者"))

    @property
    def is_person(self) -> bool:
        """Whether a person gives the command, not a program or the market itself."""
        return self.identifier.startswith(f"{PERSON_PREFIX}_")

    def require_person(self) -> None:
        """Raise Forbidden unless a person gives the command: programs decide nothing as a second person."""
        if not self.is_person:
            raise Forbidden(needed=Label("a person, not a program,", "プログラムではなく担当者本人"))

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
