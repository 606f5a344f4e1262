"""Events of keys with which organisations sign by themselves, and of mandates of their programs."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class OrganisationKeyChanged(Event):
    """A key of an organisation was ``registered`` or ``revoked`` (``change``); ``by`` did it."""

    type = "organisation_key.changed"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    key: str
    kid: str
    change: str
    by: str


@dataclass(frozen=True, kw_only=True)
class MandateChanged(Event):
    """A mandate of a program was ``signed`` or ``revoked`` (``change``); ``by`` did it."""

    type = "mandate.changed"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    mandate: str
    program: str
    change: str
    by: str
