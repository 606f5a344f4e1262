"""Events of approvals: commands that take two people of one organisation."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class ApprovalAsked(Event):
    """A command of ``organisation`` waits for a second person of it; it has no amount if it moves no money itself.

    ``expires_at``: ISO instant.
    """

    type = "approval.asked"
    subject_field = "approval"
    audience = seen_by("organisation")

    approval: str
    organisation: str
    command: str
    of: str
    amount_minor: int | None
    currency: str
    expires_at: str


@dataclass(frozen=True, kw_only=True)
class ApprovalEnded(Event):
    """An approval ended. ``state``: ``approved``, ``withdrawn`` or ``expired``."""

    type = "approval.ended"
    subject_field = "approval"
    audience = seen_by("organisation")

    approval: str
    organisation: str
    state: str
