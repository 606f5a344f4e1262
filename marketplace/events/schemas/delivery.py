"""Events of delivery, ordered by the agreement they serve."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event


@dataclass(frozen=True, kw_only=True)
class DeliveryGranted(Event):
    """The buyer has access. ``expires_at``: ISO instant or None."""

    type = "delivery.granted"
    subject_field = "agreement"

    entitlement: str
    agreement: str
    trade: str
    buyer: str
    seller: str
    expires_at: str | None


@dataclass(frozen=True, kw_only=True)
class DeliveryMatched(Event):
    """What the buyer received is what was sent, by hash. ``inspect_by``: ISO instant at which silence accepts."""

    type = "delivery.matched"
    subject_field = "agreement"

    entitlement: str
    agreement: str
    trade: str
    buyer: str
    seller: str
    sha256: str
    inspect_by: str


@dataclass(frozen=True, kw_only=True)
class DeliveryAccepted(Event):
    """The buyer accepted (``by`` = ``buyer``), the period ended (``lapse``), or a dispute was dismissed (``dismissal``)."""

    type = "delivery.accepted"
    subject_field = "agreement"

    entitlement: str
    agreement: str
    trade: str
    buyer: str
    seller: str
    by: str


@dataclass(frozen=True, kw_only=True)
class DeliveryEnded(Event):
    """Access is over. ``reason_code``: ``refunded``, ``expired``, ``terminated``, ``not_collected``."""

    type = "delivery.ended"
    subject_field = "agreement"

    entitlement: str
    agreement: str
    buyer: str
    seller: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class UsageRecorded(Event):
    """Metered data was used. ``usage`` names this use once for ever; ``quantity`` is in units of the agreement.

    ``amount_minor`` is what the use costs without tax; ``used_at``: ISO instant.
    """

    type = "usage.recorded"
    subject_field = "agreement"

    agreement: str
    usage: str
    quantity: int
    amount_minor: int
    currency: str
    used_at: str
