"""Events of listings."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event


@dataclass(frozen=True, kw_only=True)
class ListingVersionSubmitted(Event):
    """A seller asks to publish a version of a listing; it waits for measurement and rules."""

    type = "listing.version_submitted"
    subject_field = "listing"

    listing: str
    listing_version: str
    seller: str


@dataclass(frozen=True, kw_only=True)
class ListingVersionPublished(Event):
    """A version can be found and bought."""

    type = "listing.version_published"
    subject_field = "listing"

    listing: str
    listing_version: str
    seller: str
    decision: str


@dataclass(frozen=True, kw_only=True)
class ListingVersionRefused(Event):
    """Rules refused a version; ``decision`` keeps the reasons."""

    type = "listing.version_refused"
    subject_field = "listing"

    listing: str
    listing_version: str
    seller: str
    decision: str


@dataclass(frozen=True, kw_only=True)
class ListingWithdrawn(Event):
    """A seller or the operator took a listing from sale; agreements in force stay."""

    type = "listing.withdrawn"
    subject_field = "listing"

    listing: str
    seller: str
