"""Events of quality measurement."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import OPERATOR_ONLY, Event


@dataclass(frozen=True, kw_only=True)
class QualityProfiled(Event):
    """A listing version was measured; its profile can be read."""

    type = "quality.profiled"
    subject_field = "listing"
    audience = OPERATOR_ONLY

    listing: str
    listing_version: str
    profile: str
