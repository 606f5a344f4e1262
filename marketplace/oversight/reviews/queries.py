"""Reads of reviews, and what the detectors look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor, Role
from marketplace.kernel.permissions import Permission

from .detectors import Seen, SeenEnd
from .models import STAFF, Review, SeenAgreement, SeenNegotiation

PRICES_READ_MAX = 500
ENDS_READ_MAX = 20


def visible_reviews(actor: Actor) -> QuerySet[Review]:
    """All reviews, for who looks into them and for the auditor; closed ones about itself, for a participant, once unsealed."""
    if actor.role is Role.PARTICIPANT:
        open_to_parties = Q(sealed_until=None) | Q(sealed_until__lte=clock.now())
        return Review.objects.filter(
            open_to_parties, parties__contains=[actor.organisation], closed_at__isnull=False
        )
    if actor.may(STAFF, Permission.RULEBOOK_WRITE, Permission.EVIDENCE_READ):
        return Review.objects.all()
    return Review.objects.none()


def agreements_between(one: str, other: str, since: datetime) -> list[Seen]:
    """What two organisations agreed with each other since a moment."""
    both = Q(buyer=one, seller=other) | Q(buyer=other, seller=one)
    return [
        _seen(row) for row in SeenAgreement.objects.filter(both, concluded_at__gte=since)[:PRICES_READ_MAX]
    ]


def ends_between(one: str, other: str, since: datetime) -> list[SeenEnd]:
    """The newest negotiations that two organisations ended without agreement since a moment."""
    both = Q(buyer=one, seller=other) | Q(buyer=other, seller=one)
    rows = SeenNegotiation.objects.filter(both, ended_at__gte=since).order_by("-ended_at")[:ENDS_READ_MAX]
    return [SeenEnd(row.negotiation, row.buyer, row.seller, row.by) for row in rows]


def earlier_prices(new: Seen, since: datetime) -> list[int]:
    """The newest prices of the agreement's segment and currency since a moment, without its own."""
    rows = SeenAgreement.objects.filter(segment=new.segment, currency=new.currency, concluded_at__gte=since)
    newest = rows.exclude(agreement=new.agreement).order_by("-concluded_at")
    return list(newest.values_list("price_minor", flat=True)[:PRICES_READ_MAX])


def due_to_tell(at: datetime) -> QuerySet[Review]:
    """Closed reviews whose seal is over, of which the parties were not told."""
    return Review.objects.filter(told_at=None, sealed_until__lte=at).order_by("sealed_until", "pk")


def opened_in(since: datetime, until: datetime) -> Iterable[tuple[Any, ...]]:
    """Detector and identifier of the reviews that were opened in a period, with each party."""
    opened = Review.objects.filter(opened_at__gte=since, opened_at__lt=until)
    rows = opened.values_list("detector", "public_id", "parties")
    return [(detector, review, party) for detector, review, parties in rows for party in parties]


def _seen(row: SeenAgreement) -> Seen:
    return Seen(row.agreement, row.segment, row.buyer, row.seller, row.price_minor, row.currency)
