"""Events of participants: organisations, admissions, suspensions."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class OrganisationRegistered(Event):
    """An organisation was registered."""

    type = "organisation.registered"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str


@dataclass(frozen=True, kw_only=True)
class AdmissionApplied(Event):
    """An organisation applied for admission to a segment. ``capacity``: ``seller`` or ``buyer``."""

    type = "admission.applied"
    subject_field = "admission"
    audience = seen_by("organisation")

    admission: str
    organisation: str
    segment: str
    capacity: str


@dataclass(frozen=True, kw_only=True)
class AdmissionDecided(Event):
    """The rules or the operator decided on an admission. ``state``: the new one; ``decision`` records the reasons."""

    type = "admission.decided"
    subject_field = "admission"
    audience = seen_by("organisation")

    admission: str
    organisation: str
    segment: str
    capacity: str
    state: str
    decision: str | None


@dataclass(frozen=True, kw_only=True)
class ParticipantSuspended(Event):
    """An organisation was suspended: it can make no new agreements; its obligations remain."""

    type = "participant.suspended"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class ParticipantReinstated(Event):
    """The suspension of an organisation ended."""

    type = "participant.reinstated"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
