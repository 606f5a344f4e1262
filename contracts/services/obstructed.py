"""End the open negotiations that something has overtaken: a withdrawn listing, a suspended party, an admission that ended.

The first ``AT_ONCE_MAX`` end in the transaction of who reports it; a job ends the others, each in its own, and the sweep what a
job that was abandoned left. Until then nobody moves them: every move asks for the same obstacle, but the buyer's signature under
what a seller signed, which stays open whatever becomes of the seller's admission.
"""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from listings import queries as listings
from marketplace.jobs.kinds import JobKind, Work
from marketplace.jobs.services import enqueue
from marketplace.jobs.states import Queue
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop
from marketplace.kernel.labels import Label
from marketplace.participants import queries as participants

from ..errors import ObstructedStillOpen
from ..models import Negotiation
from ..states import OPEN_NEGOTIATIONS
from .terminations import end

AT_ONCE_MAX = 100
OBSTRUCTED = Loop("contracts.end_obstructed")

Obstacle = dict[str, str]
"""``reason_code``, and a ``listing``, or an ``organisation``, with ``segment`` and ``capacity`` where its admission ended."""


def end_of_withdrawn(*, listing: str) -> list[str]:
    """End the open negotiations over a withdrawn listing (public identifier), signed by its seller or not.

    Returns the identifiers of those that ended at once. Emits negotiation.moved for each.
    """
    return end_obstructed(listing, {"reason_code": "listing_withdrawn", "listing": listing})


def end_of_suspended(*, organisation: str, suspension: str) -> list[str]:
    """As ``end_of_withdrawn``, those of a suspended organisation; none if it is active again."""
    return end_obstructed(suspension, {"reason_code": "participant_suspended", "organisation": organisation})


@transaction.atomic
def end_obstructed(cause: str, obstacle: Obstacle) -> list[str]:
    """End what ``obstacle`` obstructs now; the job that ends the rest is about ``cause``, the identifier of what happened."""
    rows = list(_obstructed(obstacle).select_for_update().order_by("pk")[:AT_ONCE_MAX])
    for negotiation in rows:
        _end(negotiation, obstacle)
    if len(rows) == AT_ONCE_MAX:
        enqueue(kind=END_OBSTRUCTED, subject=cause, arguments=dict(obstacle))
    return [negotiation.public_id for negotiation in rows]


def _obstructed(obstacle: Obstacle) -> QuerySet[Negotiation]:
    """The open negotiations that ``obstacle`` obstructs now; none if it is over."""
    rows = Negotiation.objects.filter(state__in=OPEN_NEGOTIATIONS)
    if "listing" in obstacle:
        return rows.filter(listing=obstacle["listing"])
    party = participants.get_organisation(obstacle["organisation"])
    if "segment" not in obstacle:
        return rows.none() if party.is_active else rows.filter(Q(buyer_id=party.id) | Q(seller_id=party.id))
    segment, capacity = obstacle["segment"], obstacle["capacity"]
    if participants.is_admitted(party.id, segment, capacity):
        return rows.none()
    return rows.filter(**{f"{capacity}_id": party.id, "segment": segment})


def _end(negotiation: Negotiation, obstacle: Obstacle) -> None:
    end(negotiation, actor=SYSTEM, role="system", reason_code=obstacle["reason_code"], reason="")


def end_rest(work: Work) -> None:
    """End what is still open, each in its own transaction; what cannot be ended holds nothing back. Raises ObstructedStillOpen."""
    obstacle: Obstacle = work.arguments
    keys = list(_obstructed(obstacle).order_by("pk").values_list("public_id", flat=True))
    for index in range(0, len(keys), AT_ONCE_MAX):
        OBSTRUCTED.each(keys[index : index + AT_ONCE_MAX], partial(_end_one, obstacle), are_all=False)
        work.report_progress(min(index + AT_ONCE_MAX, len(keys)), len(keys))
    left = _obstructed(obstacle).count()
    if left:
        raise ObstructedStillOpen(subject=work.subject, left=left)


def end_left_open(*, limit: int = 100) -> int:
    """End a batch of what a withdrawn listing or a suspended party obstructs and no job has ended; returns their number.

    Each in its own transaction; one that cannot be ended stands aside, and is taken back when it is open no more.
    """
    suspended = participants.suspended_organisations()
    obstructed = (
        Q(listing__in=listings.withdrawn_listings()) | Q(buyer__in=suspended) | Q(seller__in=suspended)
    )
    rows = Negotiation.objects.filter(obstructed, state__in=OPEN_NEGOTIATIONS)
    left = rows.exclude(public_id__in=OBSTRUCTED.standing_aside()).order_by("pk")
    return OBSTRUCTED.each(left[:limit], _end_left, subject=lambda row: row.public_id)


def _end_left(row: Negotiation) -> int:
    parties = (row.buyer_identifier, row.seller_identifier)
    obstacles = [{"reason_code": "participant_suspended", "organisation": party} for party in parties]
    if row.listing in listings.withdrawn_listings().filter(public_id=row.listing):
        obstacles.insert(0, {"reason_code": "listing_withdrawn", "listing": row.listing})
    return int(any(_end_one(obstacle, row.public_id) for obstacle in obstacles))


@transaction.atomic
def _end_one(obstacle: Obstacle, negotiation: str) -> int:
    row = _obstructed(obstacle).select_for_update().filter(public_id=negotiation).first()
    if row is None:
        return 0
    _end(row, obstacle)
    return 1


END_OBSTRUCTED = JobKind(
    name="contracts.end_obstructed",
    queue=Queue.DEFAULT,
    label=Label("end the negotiations that cannot go on", "継続できない交渉の終了"),
    run=end_rest,
    seconds_max=900,
    backoff_seconds=(5, 60, 600),
)
