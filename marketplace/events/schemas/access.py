"""Events of the operator's accesses to participants' own affairs."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import OPERATOR_ONLY, Event, seen_by


@dataclass(frozen=True, kw_only=True)
class StaffAccessMoved(Event):
    """A participant is told of an access to its affairs. ``change``: ``opened``, ``ended``, or ``told`` later than opened."""

    type = "staff_access.moved"
    subject_field = "access"
    audience = seen_by("organisation")

    access: str
    organisation: str
    kind: str
    ground: str
    change: str


@dataclass(frozen=True, kw_only=True)
class StaffAccessDeferred(Event):
    """The notice of an access was deferred by two people, until a review date (ISO instant). It does not say whose it is."""

    type = "staff_access.deferred"
    subject_field = "access"
    audience = OPERATOR_ONLY

    access: str
    until: str
