"""Events of registration: applications of strangers, and screenings."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import OPERATOR_ONLY, Event


@dataclass(frozen=True, kw_only=True)
class RegistrationMoved(Event):
    """An application for registration came to a state."""

    type = "registration.moved"
    subject_field = "registration"
    audience = OPERATOR_ONLY

    registration: str
    state: str


@dataclass(frozen=True, kw_only=True)
class ScreeningChanged(Event):
    """A later screening of a registered organisation found something else than the one before.

    ``registered`` is the organisation, which is not told; ``outcome``: ``clear`` or ``held``.
    """

    type = "screening.changed"
    subject_field = "registration"
    audience = OPERATOR_ONLY

    registration: str
    screening: str
    registered: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class ScreeningAssessed(Event):
    """A person of the operator read what a screening found, and recorded what it means."""

    type = "screening.assessed"
    subject_field = "registration"
    audience = OPERATOR_ONLY

    registration: str
    screening: str
