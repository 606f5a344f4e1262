"""Events of delivery, ordered by the agreement."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import OPERATOR_ONLY, Event, seen_by


@dataclass(frozen=True, kw_only=True)
class DeliveryGranted(Event):
    """Access was granted to the buyer. ``expires_at``: ISO instant or None."""

    type = "delivery.granted"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    entitlement: str
    agreement: str
    trade: str
    buyer: str
    seller: str
    expires_at: str | None


@dataclass(frozen=True, kw_only=True)
class DeliveryMatched(Event):
    """The hash that the buyer reported matches the one sent. ``inspect_by``: ISO instant, end of the inspection period."""

    type = "delivery.matched"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    entitlement: str
    agreement: str
    trade: str
    buyer: str
    seller: str
    sha256: str
    inspect_by: str


@dataclass(frozen=True, kw_only=True)
class DeliveryAccepted(Event):
    """The delivery was accepted.

    ``by``: ``buyer``, ``lapse`` (the inspection period ended) or ``dismissal`` (a dispute was dismissed).
    """

    type = "delivery.accepted"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    entitlement: str
    agreement: str
    trade: str
    buyer: str
    seller: str
    by: str


@dataclass(frozen=True, kw_only=True)
class DeliveryRestored(Event):
    """Access that was closed for no act of the buyer was given back. ``cause``: ``suspension``, ``dispute`` or ``outage``.

    ``expires_at``: ISO instant of the new end of the term, or None without one, by the version ``version_number`` of the agreement.
    """

    type = "delivery.restored"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    entitlement: str
    agreement: str
    buyer: str
    seller: str
    restitution: str
    cause: str
    expires_at: str | None
    version_number: int = 1


@dataclass(frozen=True, kw_only=True)
class DeliveryEnded(Event):
    """Access ended. ``reason_code``: ``refunded``, ``expired``, ``terminated`` or ``not_collected``.

    ``received``: whether the delivery was received and not cancelled: its inspection goes on, or has ended with acceptance.
    """

    type = "delivery.ended"
    subject_field = "agreement"
    audience = seen_by("buyer", "seller")

    entitlement: str
    agreement: str
    buyer: str
    seller: str
    reason_code: str
    received: bool = False


@dataclass(frozen=True, kw_only=True)
class UsageRecorded(Event):
    """Metered data was used. ``usage``: a unique name of this use; ``quantity``: in units of the agreement.

    ``amount_minor``: the price of the use without tax, before tiers, free uses, a trial and the ceiling of its period, which clearing
    applies; ``used_at``: ISO instant.
    """

    type = "usage.recorded"
    subject_field = "agreement"
    audience = OPERATOR_ONLY

    agreement: str
    usage: str
    quantity: int
    amount_minor: int
    currency: str
    used_at: str
