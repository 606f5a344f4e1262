"""Events of held cases and appeals."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class CaseMoved(Event):
    """A case moved. ``change``: ``opened``, ``resolved``, ``withdrawn``, ``dropped``, ``overdue`` or ``carried_out``.

    ``about``: the public identifier of what is on hold or appealed. ``outcome``: None until it is decided.
    ``counterparty``: the seller, where the conclusion of an agreement is on hold. ``decide_by``: ISO 8601 instant.
    """

    type = "case.moved"
    subject_field = "case"
    audience = seen_by("organisation", "counterparty")

    case: str
    kind: str
    about: str
    organisation: str
    counterparty: str | None
    change: str
    outcome: str | None
    decide_by: str
