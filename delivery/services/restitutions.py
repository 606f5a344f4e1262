"""Give back access that was closed for no act of its buyer, record it, and tell both sides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from delivery.models import Restitution
from delivery.states import LossCause
from marketplace.events.schemas.delivery import DeliveryRestored
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.labels import Label
from marketplace.notices import services as notices
from marketplace.notices.texts import Wording

from .locking import Delivery

RESTORED = Wording(
    Label("Lost access is given back", "利用できなかった期間が補填されました"),
    Label(
        "Access under {entitlement} was closed from {since} until {until}. End of the term: {end}.",
        "{entitlement} は {since} から {until} まで利用できませんでした。利用期間の終了: {end}",
    ),
)
WITHOUT_TERM = Label("none", "なし")
_NOT_GIVEN_BACK = """
    SELECT lower(part), upper(part) FROM unnest(
        tstzmultirange(tstzrange(%(since)s, greatest(%(since)s, %(until)s)))
        - coalesce((SELECT range_agg(tstzrange(r.lost_from, r.lost_until))
                      FROM delivery_restitution r WHERE r.entitlement_id = %(entitlement)s), '{}')) AS part
     ORDER BY 1
"""


def give_back_access(
    delivery: Delivery, *, actor: Actor, cause: LossCause, reference: str, since: datetime, until: datetime
) -> int:
    """Give back what a delivery lost of its access between two moments and was not given back before; returns in how many parts.

    The term ends later by that, but not after the last day that the parties signed; a running inspection ends later too. The
    caller holds the delivery's lock, and knows that access was closed for the ``cause``. Emits delivery.restored.
    """
    entitlement = delivery.entitlement
    values: dict[str, Any] = {
        "since": max(since, entitlement.granted_at),
        "until": until,
        "entitlement": entitlement.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOT_GIVEN_BACK, values)
        parts: list[tuple[datetime, datetime]] = cursor.fetchall()
    for lost_from, lost_until in parts:
        restitution = Restitution.objects.create(
            entitlement=entitlement,
            cause=cause,
            reference=reference,
            lost_from=lost_from,
            lost_until=lost_until,
            expires_before=entitlement.expires_at,
            expires_at=_end_after(delivery, lost_until - lost_from),
            given_at=clock.now(),
        )
        # The database moved both.
        entitlement.expires_at = restitution.expires_at
        delivery.inspection.refresh_from_db(fields=["inspect_by"])
        _tell(delivery, restitution, actor)
    return len(parts)


def _end_after(delivery: Delivery, lost: timedelta) -> datetime | None:
    expires_at, latest = delivery.entitlement.expires_at, delivery.entitlement.expires_latest
    if expires_at is None:
        return None
    return min(expires_at + lost, latest or expires_at + lost)


def _tell(delivery: Delivery, restitution: Restitution, actor: Actor) -> None:
    """Record what was given back, emit it, tell both sides, and move the tasks."""
    entitlement, end = delivery.entitlement, restitution.expires_at
    until = end.isoformat() if end else None
    record(
        kind="delivery.restored",
        subject=entitlement.public_id,
        actor=actor,
        payload={
            "restitution": restitution.public_id,
            "agreement": entitlement.agreement,
            "cause": restitution.cause,
            "reference": restitution.reference,
            "lost_from": restitution.lost_from.isoformat(),
            "lost_until": restitution.lost_until.isoformat(),
            "expires_at": until,
        },
    )
    emit(
        DeliveryRestored(
            entitlement=entitlement.public_id,
            agreement=entitlement.agreement,
            buyer=entitlement.buyer_identifier,
            seller=entitlement.seller_identifier,
            restitution=restitution.public_id,
            cause=restitution.cause,
            expires_at=until,
            version_number=entitlement.version,
        )
    )
    wording = RESTORED.fill(
        entitlement=entitlement.public_id,
        since=_in_market_time(restitution.lost_from),
        until=_in_market_time(restitution.lost_until),
        end=_in_market_time(end) if end else WITHOUT_TERM.as_dict(),
    )
    notices.send_notices(
        subject=entitlement.public_id,
        wordings={entitlement.buyer_id: wording, entitlement.seller_id: wording},
    )
    if later := delivery.inspection.inspect_by or end:
        notices.move_deadlines({entitlement.public_id: later})


def _in_market_time(moment: datetime) -> str:
    return moment.astimezone(clock.market_zone()).strftime("%Y-%m-%d %H:%M")
