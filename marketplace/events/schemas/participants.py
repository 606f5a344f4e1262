"""Events of participation."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event


@dataclass(frozen=True, kw_only=True)
class OrganisationRegistered(Event):
    """An organisation made itself known to the market."""

    type = "organisation.registered"
    subject_field = "organisation"

    organisation: str


@dataclass(frozen=True, kw_only=True)
class AdmissionApplied(Event):
    """An organisation asks to take part in a segment. ``capacity``: ``seller`` or ``buyer``."""

    type = "admission.applied"
    subject_field = "admission"

    admission: str
    organisation: str
    segment: str
    capacity: str


@dataclass(frozen=True, kw_only=True)
class AdmissionDecided(Event):
    """A rule or the operator decided. ``state``: the admission's state afterwards; ``decision`` keeps the reasons."""

    type = "admission.decided"
    subject_field = "admission"

    admission: str
    organisation: str
    segment: str
    capacity: str
    state: str
    decision: str | None


@dataclass(frozen=True, kw_only=True)
class ParticipantSuspended(Event):
    """An organisation may make no new business; what it owes stays."""

    type = "participant.suspended"
    subject_field = "organisation"

    organisation: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class ParticipantReinstated(Event):
    """A suspended organisation may do business again."""

    type = "participant.reinstated"
    subject_field = "organisation"

    organisation: str
