"""Who does something: what every service is told, whether it is called over HTTP, by a task or by a command."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .errors import Forbidden, Missing


class Role(StrEnum):
    """In which capacity somebody acts. Seller and buyer follow from the subject, not from the actor."""

    PARTICIPANT = "participant"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody acting: a public ``identifier`` for the record, and the organisation acted for, if any.

    ``organisation_id`` is the database key, ``organisation`` the public identifier of the same organisation.
    """

    identifier: str
    role: Role
    organisation_id: int | None = None
    organisation: str | None = None

    def require_operator(self) -> None:
        """Raise Forbidden unless this is the operator or the system itself."""
        if self.role is Role.PARTICIPANT:
            raise Forbidden(needed="the operator")

    def require_organisation(self) -> int:
        """The key of the organisation acted for; raises Forbidden if there is none."""
        if self.organisation_id is None:
            raise Forbidden(needed="an organisation to act for")
        return self.organisation_id

    def may_see(self, *organisation_ids: int | None) -> bool:
        """Whether a subject of these organisations is visible: to themselves, the operator and the system."""
        return self.role is not Role.PARTICIPANT or self.organisation_id in organisation_ids

    def require_sight(self, *organisation_ids: int | None, kind: str, identifier: str) -> None:
        """Raise Missing where the subject belongs to others: another's property does not exist here."""
        if not self.may_see(*organisation_ids):
            raise Missing(kind=kind, identifier=identifier)


SYSTEM = Actor(identifier="system", role=Role.SYSTEM)
