"""Events of the registers: incidents and consultations, as the participants concerned learn of them."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class IncidentMoved(Event):
    """A participant is told of an incident that concerns it (``change``: ``told``), or that it was ``closed``."""

    type = "incident.moved"
    subject_field = "incident"
    audience = seen_by("organisation")

    incident: str
    organisation: str
    kind: str
    change: str


@dataclass(frozen=True, kw_only=True)
class ConsultationMoved(Event):
    """A participant asked the desk (``change``: ``asked``), withdrew the question, or was ``answered`` with an ``outcome``."""

    type = "consultation.moved"
    subject_field = "consultation"
    audience = seen_by("organisation")

    consultation: str
    organisation: str
    matter: str
    change: str
    outcome: str
