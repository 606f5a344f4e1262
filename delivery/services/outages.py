"""State when the market could not be used, and give back the access that was live then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from delivery.models import Outage
from delivery.models.outages import OUTAGE_MAX, OUTAGE_MIN, STATED_WITHIN
from delivery.states import LossCause
from marketplace.approvals.services import require_two_people
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.aside import Loop
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals
from marketplace.oversight.incidents.queries import is_unavailability
from marketplace.participants.queries import lock_organisation, market_opening

from .locking import Delivery, lock_delivery_where
from .restitutions import give_back_access

APPROVED_WITHIN = timedelta(hours=24)
SETTLED_AFTER = timedelta(minutes=1)
"""Access that was being granted when an outage was stated is committed by then, in real time."""
RESTORED_A_SWEEP = 500
RESTORING = Loop("delivery.give_back_outages")
_LIVE = """
    SELECT d.id, d.public_id FROM delivery_entitlement d
     WHERE d.ended_at IS NULL AND d.state IN ('started', 'suspended') AND d.granted_at < %(until)s
       AND (d.expires_at IS NULL OR d.expires_at > %(since)s) AND d.public_id <> ALL (%(aside)s)
       AND NOT tstzmultirange(tstzrange(greatest(d.granted_at, %(since)s), %(until)s)) <@ coalesce((
           SELECT range_agg(tstzrange(r.lost_from, r.lost_until)) FROM delivery_restitution r
            WHERE r.entitlement_id = d.id), '{}')
     ORDER BY d.id LIMIT %(limit)s
"""
"""Entitlements that were live in an outage, and of which some of it was not given back."""


@record_refusals()
def state_outage(*, actor: Actor, incident: str, since: datetime, until: datetime) -> Outage:
    """State, by two people of support, that nobody could use the market from ``since`` until ``until``, both in the past.

    ``incident`` of the operator registers it as unavailability. It is stated within ``STATED_WITHIN`` of its end, and no moment of
    it belongs to another outage, or to the time before the market. Access that was live then is given back by the sweep. Raises SecondPersonNeeded,
    FieldInvalid, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.SUPPORT_WRITE)
    actor.require_person()
    lock_organisation(actor.organisation_id or 0)
    _check(incident, since, until)
    stated = {"since": since.isoformat(), "until": until.isoformat()}
    approval = require_two_people(
        actor=actor,
        permission=Permission.SUPPORT_WRITE,
        organisation=actor.organisation or "",
        command="delivery.state_outage",
        subject=incident,
        payload=stated,
        expires_in=APPROVED_WITHIN,
    )
    outage = Outage.objects.create(
        incident=incident,
        since=since,
        until=until,
        first_person=approval.first_person,
        stated_by=actor.identifier,
        stated_at=clock.now(),
    )
    record(
        kind="delivery.outage_stated",
        subject=outage.public_id,
        actor=actor,
        payload={"incident": incident, "first_person": approval.first_person, **stated},
    )
    return outage


def _check(incident: str, since: datetime, until: datetime) -> None:
    """Raise FieldInvalid for what no outage can be. The operator's row is locked, so no two are stated at once."""
    now = clock.now()
    if not is_unavailability(incident):
        raise FieldInvalid(
            "incident",
            Label(
                "name an incident of unavailability that the operator registered",
                "運営者が登録した、種別が利用不能の事案を指定してください",
            ),
        )
    if not since + OUTAGE_MIN <= until <= min(now, since + OUTAGE_MAX):
        raise FieldInvalid(
            "until",
            Label(
                f"state a moment that has passed, a minute at least and {OUTAGE_MAX.days} days at most after since",
                f"since から1分以上{OUTAGE_MAX.days}日以内の過去の時刻を指定してください",
            ),
        )
    if until < now - STATED_WITHIN:
        raise FieldInvalid(
            "until",
            Label(
                f"state an outage within {STATED_WITHIN.days} days of its end",
                f"停止の終了から{STATED_WITHIN.days}日以内に登録してください",
            ),
        )
    opening = market_opening()
    if opening is None or since < opening:
        raise FieldInvalid(
            "since",
            Label(
                "state no moment before the market opened: its first organisation was registered later",
                "市場の開設（最初の組織の登録）以後の時刻を指定してください",
            ),
        )
    other = Outage.objects.filter(since__lt=until, until__gt=since).order_by("since").first()
    if other is not None:
        raise FieldInvalid(
            "since",
            Label(
                f"outage {other.public_id} has moments of it; state what is before or after that one",
                f"停止 {other.public_id} と重複しています。重複しない期間を指定してください",
            ),
        )


def give_back_outages(limit: int = RESTORED_A_SWEEP) -> int:
    """Give back to live access what stated outages took, at most ``limit`` of each; returns how many deliveries got something.

    One loop over the deliveries of all outages: what fails for one outage is not taken back because another has no part in it.
    """
    aside, are_all = RESTORING.standing_aside(), True
    live: dict[int, str] = {}
    for outage in _to_give_back():
        found = _live_in(outage, aside, limit)
        if not found and not aside and outage.recorded_at < clock.real_now() - SETTLED_AFTER:
            Outage.objects.filter(pk=outage.pk, given_back_at=None).update(given_back_at=clock.now())
        are_all = are_all and len(found) < limit
        live.update(found)
    return RESTORING.each(sorted(live.items()), _give_back, subject=lambda row: row[1], are_all=are_all)


@transaction.atomic
def _give_back(entitlement: tuple[int, str]) -> bool:
    delivery = lock_delivery_where(Q(pk=entitlement[0]), skip_locked=True)
    return delivery is not None and restore_outages(delivery)


def _to_give_back() -> QuerySet[Outage]:
    return Outage.objects.filter(given_back_at=None).order_by("pk")


def _live_in(outage: Outage, aside: list[str], limit: int) -> list[tuple[int, str]]:
    values: dict[str, Any] = {"since": outage.since, "until": outage.until, "aside": aside, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, values)
        return list(cursor.fetchall())


def restore_outages(delivery: Delivery) -> bool:
    """Give back to one delivery, which is locked, what stated outages took of it, before something of it ends; returns if any."""
    return sum(_restore(delivery, outage) for outage in _to_give_back()) > 0


def _restore(delivery: Delivery, outage: Outage) -> bool:
    entitlement = delivery.entitlement
    was_live = entitlement.granted_at < outage.until and (
        entitlement.expires_at is None or entitlement.expires_at > outage.since
    )
    if entitlement.ended_at is not None or not was_live:
        return False
    parts = give_back_access(
        delivery,
        actor=SYSTEM,
        cause=LossCause.OUTAGE,
        reference=outage.public_id,
        since=outage.since,
        until=outage.until,
    )
    return parts > 0
