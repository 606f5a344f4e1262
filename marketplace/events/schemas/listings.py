"""Events of listings."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class ListingVersionSubmitted(Event):
    """A seller submitted a version for publication; it waits for its quality profile and the rules."""

    type = "listing.version_submitted"
    subject_field = "listing"
    audience = seen_by("seller")

    listing: str
    listing_version: str
    seller: str


@dataclass(frozen=True, kw_only=True)
class ListingVersionPublished(Event):
    """A version was published."""

    type = "listing.version_published"
    subject_field = "listing"
    audience = seen_by("seller")

    listing: str
    listing_version: str
    seller: str
    decision: str


@dataclass(frozen=True, kw_only=True)
class ListingVersionRefused(Event):
    """A version was refused; ``decision`` of the rules records the reasons, unless something overrode it: ``reason_en`` and
    ``reason_ja`` say what."""

    type = "listing.version_refused"
    subject_field = "listing"
    audience = seen_by("seller")

    listing: str
    listing_version: str
    seller: str
    decision: str
    reason_en: str | None = None
    reason_ja: str | None = None


@dataclass(frozen=True, kw_only=True)
class ListingWithdrawn(Event):
    """The seller or the operator withdrew a listing: negotiations over it end, agreements in force continue."""

    type = "listing.withdrawn"
    subject_field = "listing"
    audience = seen_by("seller")

    listing: str
    seller: str


@dataclass(frozen=True, kw_only=True)
class StakeMoved(Event):
    """A third party's interest in a listing was ``declared`` by the seller, ``claimed`` through the operator, or has ``ended``."""

    type = "stake.moved"
    subject_field = "stake"
    audience = seen_by("seller")

    stake: str
    listing: str
    seller: str
    kind: str
    change: str
