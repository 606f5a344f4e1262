"""Notice what agreements and negotiations without one show, open a review of it, and close it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from marketplace.approvals.services import require_two_people
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.commitments import commitment_to, new_salt
from marketplace.kernel.errors import FieldInvalid, Missing
from marketplace.kernel.identifiers import new_identifier
from marketplace.kernel.labels import Label
from marketplace.kernel.parameters import parameter
from marketplace.kernel.refusals import record_refusals
from marketplace.kernel.texts import stated_text
from marketplace.notices.operator_tasks import ask_operator, finish_for_operator
from marketplace.notices.services import send_notices
from marketplace.notices.states import TaskKind
from marketplace.participants.interest_queries import related_to, require_unrelated
from marketplace.participants.queries import organisations_by_public_id

from ..locks import SURVEILLANCE_LOCK
from ..texts import choice_of
from . import detectors, texts
from .detectors import Finding, Seen, SeenEnd, SeenRefusals
from .errors import ReviewClosed
from .models import STAFF, Review, SeenAgreement, SeenNegotiation
from .queries import agreements_between, earlier_prices, ends_between
from .states import REASON_LENGTH_MAX, SEALED_DAYS_MAX, Detector, Outcome

APPROVED_WITHIN = timedelta(hours=24)
AGAIN_AFTER_DAYS = 30
"""The same thing opens no other review so soon after the last one."""


@transaction.atomic
def see_agreement(*, actor: Actor, seen: Seen, concluded_at: datetime) -> list[Review]:
    """Remember an agreement, and open a review of each thing that the detectors notice. Once an agreement.

    The market's own step. Raises Forbidden for anybody else.
    """
    actor.require_system()
    SURVEILLANCE_LOCK.acquire_for(":".join(sorted((seen.buyer, seen.seller))))
    _, is_new = SeenAgreement.objects.get_or_create(
        agreement=seen.agreement,
        defaults={
            "segment": seen.segment,
            "buyer": seen.buyer,
            "seller": seen.seller,
            "price_minor": seen.price_minor,
            "currency": seen.currency,
            "concluded_at": concluded_at,
        },
    )
    if not is_new:
        return []
    opened = (_open(finding) for finding in _findings(seen, concluded_at))
    return [review for review in opened if review is not None]


@transaction.atomic
def see_broken_off(*, actor: Actor, seen: SeenEnd, ended_at: datetime) -> list[Review]:
    """Remember a negotiation without agreement, and open a review if its two do so again and again. Once a negotiation.

    The market's own step. Raises Forbidden for anybody else.
    """
    actor.require_system()
    SURVEILLANCE_LOCK.acquire_for(":".join(sorted((seen.buyer, seen.seller))))
    _, is_new = SeenNegotiation.objects.get_or_create(
        negotiation=seen.negotiation,
        defaults={"buyer": seen.buyer, "seller": seen.seller, "by": seen.by, "ended_at": ended_at},
    )
    if not is_new:
        return []
    recent = ended_at - timedelta(days=detectors.DAYS_BROKEN_OFF)
    ends = ends_between(seen.buyer, seen.seller, recent)
    agreements = len(agreements_between(seen.buyer, seen.seller, recent))
    opened = (_open(finding) for finding in detectors.broken_off(seen, ends, agreements))
    return [review for review in opened if review is not None]


@transaction.atomic
def see_refusals(*, actor: Actor, seen: SeenRefusals) -> list[Review]:
    """Open a review of a buyer that asks again and again for files to which its access is closed.

    The market's own step. Raises Forbidden for anybody else.
    """
    actor.require_system()
    opened = (_open(finding) for finding in detectors.refused_often(seen))
    return [review for review in opened if review is not None]


def _findings(seen: Seen, concluded_at: datetime) -> Iterator[Finding]:
    recent = concluded_at - timedelta(days=detectors.DAYS_BACK_AND_FORTH)
    yield from detectors.back_and_forth(seen, agreements_between(seen.buyer, seen.seller, recent))
    quarter = concluded_at - timedelta(days=detectors.DAYS_PRICES)
    yield from detectors.far_price(seen, earlier_prices(seen, quarter))
    parties = organisations_by_public_id([seen.buyer, seen.seller])
    stated = [
        {"address": parties[name].address, "representative": parties[name].representative}
        if name in parties
        else {}
        for name in (seen.buyer, seen.seller)
    ]
    yield from detectors.same_statements(seen, *stated)


def _open(finding: Finding) -> Review | None:
    """Open a review, unless one of the same thing is open or was opened lately."""
    now = clock.now()
    lately = now - timedelta(days=AGAIN_AFTER_DAYS)
    same = Review.objects.filter(detector=finding.detector, key=finding.key)
    if same.filter(closed_at=None).exists() or same.filter(opened_at__gt=lately).exists():
        return None
    review = Review(
        public_id=new_identifier("rvw"),
        detector=finding.detector,
        key=finding.key,
        parties=list(finding.parties),
        facts=finding.facts,
        opened_at=now,
        look_by=now + timedelta(days=parameter("review_days")),
        salt=new_salt(),
    )
    review.commitment = review.digest_of_facts()
    review.save(force_insert=True)
    record(
        kind="oversight.review_opened",
        subject=review.public_id,
        actor=SYSTEM,
        payload={"detector": str(finding.detector), "commitment": review.commitment},
    )
    detector_labels: dict[str, Any] = dict(Detector.choices)
    ask_operator(
        TaskKind.LOOK_INTO,
        review.public_id,
        deadline=review.look_by,
        review=review.public_id,
        detector=detector_labels[review.detector].as_dict(),
    )
    return review


@record_refusals()
def close_review(
    *, actor: Actor, review: str, outcome: str, reason: str, sealed_days: int | None = None
) -> Review:
    """Close a review with a reason, and tell the parties; with ``sealed_days``, which takes two people, only then.

    Raises SecondPersonNeeded, ReviewClosed, Recused, FieldInvalid, Missing, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(STAFF)
    actor.require_person()
    row = _locked(review)
    parties = [party.id for party in organisations_by_public_id(row.parties).values()]
    require_unrelated(actor, *parties)
    stated: dict[str, Any] = {
        "outcome": choice_of("outcome", outcome, Outcome.values),
        "reason": stated_text("reason", reason, REASON_LENGTH_MAX),
    }
    first = ""
    if sealed_days is not None:
        if not 1 <= sealed_days <= SEALED_DAYS_MAX:
            raise FieldInvalid(
                "sealed_days",
                Label(f"choose 1 to {SEALED_DAYS_MAX}", f"1から{SEALED_DAYS_MAX}までの値を指定してください"),
            )
        first = require_two_people(
            actor=actor,
            permission=STAFF,
            organisation=actor.organisation or "",
            command="oversight.close_review",
            subject=review,
            payload={**stated, "sealed_days": sealed_days},
            expires_in=APPROVED_WITHIN,
            barred=related_to(*parties),
        ).first_person
    now = clock.now()
    row.outcome, row.reason = stated["outcome"], stated["reason"]
    row.closed_by, row.closed_first, row.closed_at = actor.identifier, first, now
    row.sealed_until = now + timedelta(days=sealed_days) if sealed_days else None
    row.told_at = None if sealed_days else now
    row.save()
    record(
        kind="oversight.review_closed",
        subject=review,
        actor=actor,
        payload={
            "first_person": first,
            "outcome": row.outcome,
            "reason_commitment": commitment_to(row.salt, row.reason),
        },
    )
    finish_for_operator(TaskKind.LOOK_INTO, review)
    if row.told_at is not None:
        _tell(row)
    return row


@transaction.atomic
def tell_parties(*, actor: Actor, review: str) -> Review:
    """Tell the parties of a review whose seal is over. The market's own step. Raises Forbidden, Missing."""
    actor.require_system()
    row = Review.objects.select_for_update(no_key=True).get(public_id=review)
    if row.told_at is None:
        row.told_at = clock.now()
        row.save(update_fields=["told_at"])
        record(kind="oversight.review_told", subject=review, actor=actor, payload={})
        _tell(row)
    return row


def _tell(row: Review) -> None:
    found: dict[str, Any] = dict(Detector.choices)
    outcomes: dict[str, Any] = dict(Outcome.choices)
    wording = texts.CLOSED.fill(
        review=row.public_id,
        detector=found[row.detector].as_dict(),
        outcome=outcomes[row.outcome].as_dict(),
    )
    parties = organisations_by_public_id(row.parties).values()
    send_notices(subject=row.public_id, wordings={party.id: wording for party in parties})


def _locked(review: str) -> Review:
    """The open review, locked until the transaction ends; raises Missing, ReviewClosed."""
    found = Review.objects.select_for_update(no_key=True).filter(public_id=review).first()
    if found is None:
        raise Missing(kind="review", identifier=review)
    if found.closed_at is not None:
        raise ReviewClosed(review=review)
    return found
