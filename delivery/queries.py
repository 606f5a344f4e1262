"""Queries on deliveries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    Min,
    Model,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.expressions import Combinable, CombinedExpression
from django.db.models.functions import Coalesce, Now

from contracts.queries import segment_of
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.waiting import Waiting

from .collection import collection_deadline
from .models import (
    AwaitedPayment,
    DeclaredRecipient,
    Download,
    EntitledDistribution,
    Entitlement,
    Inspection,
    Restitution,
    Voucher,
)
from .states import AbortReason, DownloadState, EntitlementState, InspectionState
from .waiting import waiting

Row = TypeVar("Row", bound=Model)

COLLECTED = (
    Q(state__in=(DownloadState.SENDING, DownloadState.SENT))
    | Q(sent_bytes__gt=0)
    | Q(abort_reason=AbortReason.ABANDONED)
)
"""Downloads that sent anything, also in part, or still may; of an abandoned one nobody knows that it sent nothing."""


class HaltedTime(Func):
    """``rules.halt_time.halted_time`` of a listing and its segment between two moments, in a query."""

    function = "public.halted_time"
    output_field = DurationField()


class BusinessNow(Func):
    """The business time, in a query."""

    function = "public.business_now"
    output_field = DateTimeField()


RUNS = Q(state=EntitlementState.STARTED) | Q(state=EntitlementState.SUSPENDED) & ~Q(stopped_by="")
"""Access whose time runs: open, or stopped by a dispute. While the operator suspends it, the term stands still."""
PROGRESS_LOST_SECONDS = 120
"""A download of whose progress nothing was heard for so long is no longer sent: its process has ended."""

IS_WHOLE_WITH = """
    SELECT coalesce((SELECT s.parts FROM delivery_sentparts s
                      WHERE s.inspection_id = %(inspection)s AND s.distribution_id = %(distribution)s), '{}')
         + int8multirange(int8range(%(first)s, %(end)s)) @> int8range(0, %(size)s)
"""
SENT_PARTS = """
    SELECT (SELECT count(*) FROM unnest(s.parts)),
           %(first)s::bigint = 0 OR s.parts @> %(first)s::bigint OR s.parts @> %(first)s::bigint - 1
      FROM delivery_sentparts s WHERE s.inspection_id = %(inspection)s AND s.distribution_id = %(distribution)s
"""

_LOST_SINCE = """
    SELECT coalesce(sum(upper(part) - lower(part)), interval '0')
      FROM (SELECT * FROM delivery_entitlement WHERE agreement = %(agreement)s ORDER BY id DESC LIMIT 1) d
     CROSS JOIN LATERAL (
         SELECT range_agg(tstzrange(r.lost_from, r.lost_until)) FILTER (WHERE r.given_at > %(moment)s) AS since,
                range_agg(tstzrange(r.lost_from, r.lost_until)) FILTER (WHERE r.given_at <= %(moment)s) AS before
           FROM delivery_restitution r WHERE r.entitlement_id = d.id) given
     CROSS JOIN LATERAL (
         SELECT range_agg(tstzrange(o.since, o.until)) AS stated FROM delivery_outage o WHERE o.given_back_at IS NULL) outages
     CROSS JOIN LATERAL unnest(
         (coalesce(given.since, '{}') + coalesce(outages.stated, '{}')
          + CASE WHEN d.suspended_at IS NULL
                   OR EXISTS (SELECT FROM contracts_dispute s WHERE s.public_id = d.stopped_by AND s.opened_as = 'seller') THEN '{}' ELSE tstzmultirange(tstzrange(d.suspended_at, greatest(d.suspended_at, %(now)s))) END
          - coalesce(given.before, '{}'))
         * tstzmultirange(tstzrange(d.granted_at, greatest(d.granted_at, least(d.closes_at, d.ended_at, %(now)s))))) AS part
"""
"""What was lost of an agreement's latest access: time that was given back since a moment, a suspension that still runs, and outages."""


@dataclass(frozen=True, slots=True)
class EntitledFile:
    """A file of an entitlement; ``public_id`` is the listing's identifier of the file, hashes are hexadecimal."""

    public_id: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    sha512: str


def entitlement_of(agreement: str) -> str:
    """The public identifier of an agreement's latest entitlement; raises Missing."""
    row = Entitlement.objects.filter(agreement=agreement).order_by("-id").first()
    if row is None:
        raise Missing(kind="delivery", identifier=agreement)
    return row.public_id


def time_given_back(agreement: str) -> timedelta:
    """How much access under an agreement was lost and given back: by so much its durations end later."""
    latest = Entitlement.objects.filter(agreement=agreement).order_by("-id").values("id")[:1]
    lost = Restitution.objects.filter(entitlement=Subquery(latest))
    found: timedelta | None = lost.aggregate(time=Sum(F("lost_until") - F("lost_from")))["time"]
    return found or timedelta()


def time_lost_since(agreement: str, moment: datetime) -> timedelta:
    """How much access under an agreement was given back since a moment, with what a suspension that still runs and stated outages took
    of it that is not given back yet.

    Nothing is lost after the last day, however late the ending is carried out, and no moment twice.
    """
    values: dict[str, Any] = {"agreement": agreement, "moment": moment, "now": clock.now()}
    with connection.cursor() as cursor:
        cursor.execute(_LOST_SINCE, values)
        lost: timedelta = cursor.fetchone()[0]
    return lost


def open_agreements() -> QuerySet[Entitlement, str]:
    """The public identifiers of the agreements with access that has not ended, for a subquery."""
    return Entitlement.objects.filter(ended_at=None).values_list("agreement", flat=True)


def files_received(inspection: Inspection) -> QuerySet[EntitledDistribution]:
    """The files that were sent as a whole in the round of an inspection."""
    whole = Download.objects.filter(inspection=inspection, sent_sha256__isnull=False)
    return EntitledDistribution.objects.filter(
        entitlement=inspection.entitlement_id, pk__in=whole.values("distribution")
    )


def is_matched(entitlement: str) -> bool:
    """Whether every file of the latest round of a delivery has a matching receipt."""
    latest = Inspection.objects.filter(entitlement__public_id=entitlement).order_by("-round").first()
    return latest is not None and latest.matched_at is not None


def distributions_of(entitlement: str) -> list[EntitledFile]:
    """The files of an entitlement, sorted by identifier; empty for an unknown entitlement."""
    rows = EntitledDistribution.objects.filter(entitlement__public_id=entitlement).order_by("distribution")
    return [
        EntitledFile(row.distribution, row.file_name, row.media_type, row.size_bytes, row.sha256, row.sha512)
        for row in rows
    ]


def granted_among(agreements: Collection[str]) -> int:
    """The number of these agreements under which access was ever granted."""
    return Entitlement.objects.filter(agreement__in=agreements).values("agreement").distinct().count()


def counts() -> dict[str, int]:
    """Numbers of deliveries ever ``granted``, and of those ever ``matched`` and ever ``disputed``."""
    inspections = Inspection.objects.values("entitlement").distinct()
    return {
        "granted": Entitlement.objects.count(),
        "matched": inspections.filter(matched_at__isnull=False).count(),
        "disputed": inspections.filter(dispute__isnull=False).count(),
    }


def lapsed_inspections(now: datetime) -> QuerySet[Inspection]:
    """Matched inspections whose period has ended at ``now`` and that are not yet accepted, the oldest first.

    While the operator suspends access, no period ends, nor before as many days have passed since the use was stopped.
    """
    days = ExpressionWrapper(F("inspection_days") * timedelta(days=1), output_field=DurationField())
    stands_still = Entitlement.objects.filter(
        Q(stopped_by="") | Q(suspended_at__gt=Value(now) - days),
        pk=OuterRef("entitlement"),
        state=EntitlementState.SUSPENDED,
    )
    due = Inspection.objects.filter(~Exists(stands_still), state=InspectionState.RUNNING, inspect_by__lte=now)
    return due.order_by("inspect_by", "id")


def expired_entitlements(now: datetime) -> QuerySet[Entitlement]:
    """Entitlements whose term has ended at ``now`` and that are not yet completed, the oldest first.

    While a suspension by the operator or a dispute keeps access closed, no term ends.
    """
    disputed = Inspection.objects.filter(entitlement=OuterRef("pk"), state=InspectionState.DISPUTED)
    due = Entitlement.objects.filter(RUNS, ~Exists(disputed), expires_at__lte=now)
    return due.order_by("expires_at", "id")


def uncollected_entitlements(granted_before: datetime) -> QuerySet[Entitlement]:
    """Entitlements granted before an instant under which nothing was ever sent, the oldest first.

    The time does not run while trading is halted, and what was given back of access does not count. A file that was sent, even in
    part, counts as collected, whether or not its receipt was reported. Disputed deliveries are left out too.
    """
    due = Entitlement.objects.filter(RUNS, ended_at=None, granted_at__lte=granted_before).annotate(
        collected_from=_collected_from()
    )
    due = due.filter(collected_from__lte=granted_before)
    return _never_collected(due).order_by("granted_at", "id")


def _collected_from() -> CombinedExpression:
    """Of an entitlement: the moment from which the time to collect counts, which is later than the grant by what did not count.

    That is how long trading was halted up to now, and what was given back; what both cover counts once.
    """
    segment = segment_of(OuterRef("entitlement__agreement"))
    halted = HaltedTime(F("entitlement__listing"), segment, F("lost_from"), F("lost_until"))
    lost = Restitution.objects.filter(entitlement=OuterRef("pk")).order_by().annotate(halted=halted)
    restored = lost.values("entitlement").annotate(time=Sum(F("lost_until") - F("lost_from") - F("halted")))
    return (
        F("granted_at")
        + Coalesce(Subquery(restored.values("time"), output_field=DurationField()), timedelta())
        + HaltedTime(F("listing"), segment_of(OuterRef("agreement")), F("granted_at"), BusinessNow())
    )


def was_never_collected(entitlement_id: int) -> bool:
    """Whether nothing was ever sent under an entitlement (database key), and nothing about it was decided."""
    return _never_collected(Entitlement.objects.filter(pk=entitlement_id)).exists()


def _never_collected(rows: QuerySet[Entitlement]) -> QuerySet[Entitlement]:
    collected = Download.objects.filter(COLLECTED, entitlement=OuterRef("pk"))
    decided = Inspection.objects.filter(entitlement=OuterRef("pk")).exclude(state=InspectionState.AWAITING)
    return rows.filter(~Exists(collected), ~Exists(decided))


def is_payment_overdue(entitlement: Entitlement, now: datetime) -> bool:
    """Whether a later charge of the agreement is past its payment deadline, which does not run while trading is halted.

    Reads nothing while no deadline has come. What a lifted halt took counts before clearing has moved the deadline.
    """
    if entitlement.payment_due_by is None or entitlement.payment_due_by > now:
        return False
    return _late_payments(Value(entitlement.agreement), Value(entitlement.listing), Value(now)).exists()


def is_shown_overdue(delivery: Entitlement, now: datetime) -> bool:
    """``is_payment_overdue`` of a delivery of ``visible_deliveries``, which was read with the answer."""
    is_late: bool = delivery.is_late  # type: ignore[attr-defined]
    return is_late and delivery.payment_due_by is not None and delivery.payment_due_by <= now


def _late_payments(agreement: Combinable, listing: Combinable, now: Combinable) -> QuerySet[AwaitedPayment]:
    """Unsecured charges of an agreement whose deadline has passed, also with what halts took since they were counted."""
    unsecured = AwaitedPayment.objects.filter(agreement=agreement, secured_at=None, secure_by__lte=now)
    halted = HaltedTime(listing, segment_of(OuterRef("agreement")), F("halts_counted_until"), now)
    return unsecured.annotate(due_by=F("secure_by") + halted).filter(due_by__lte=now)


def unreported_count() -> int:
    """The number of deliveries under inspection whose receipts nobody reported in time.

    That is within ``collection_days`` of the beginning of their round, or before access expired. The money of these waits
    for the buyer. What was never collected ends by itself.
    """
    late = Q(opened_at__lte=collection_deadline(clock.now())) | Q(
        entitlement__state=EntitlementState.COMPLETED
    )
    return Inspection.objects.filter(late, state=InspectionState.AWAITING).count()


def running_downloads(buyer_id: int) -> tuple[int, int]:
    """The numbers of downloads that are being sent now: of one buyer (database key), and of all."""
    running = Download.objects.filter(state=DownloadState.SENDING, progressed_at__gte=_progress_lost_before())
    counted = running.aggregate(own=Count("id", filter=Q(entitlement__buyer=buyer_id)), all=Count("id"))
    return counted["own"], counted["all"]


def abandoned_downloads() -> QuerySet[Download]:
    """Downloads whose sending process has ended without recording their end, the oldest first."""
    stale = Download.objects.filter(state=DownloadState.SENDING, progressed_at__lt=_progress_lost_before())
    return stale.order_by("id")


def _progress_lost_before() -> CombinedExpression:
    return Now() - timedelta(seconds=PROGRESS_LOST_SECONDS)


def is_whole_with(download: Download, sent_bytes: int) -> bool:
    """Whether ``sent_bytes`` of this download are, with what ended ones have sent of the file in the round, all of it.

    Costs the same however many downloads there were.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            IS_WHOLE_WITH,
            {
                "inspection": download.inspection_id,
                "distribution": download.distribution_id,
                "first": download.first_byte,
                "end": download.first_byte + sent_bytes,
                "size": download.distribution.size_bytes,
            },
        )
        return bool(cursor.fetchone()[0])


def sent_parts(*, inspection_id: int, distribution_id: int, first_byte: int) -> tuple[int, bool]:
    """How many separate parts of a file were sent in a round, and whether ``first_byte`` is in or right after one.

    A download from the first byte of the file adds at most one part, so that counts as joined too.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            SENT_PARTS, {"inspection": inspection_id, "distribution": distribution_id, "first": first_byte}
        )
        row = cursor.fetchone()
    return (int(row[0]), bool(row[1])) if row else (0, True)


def overdue_count() -> int:
    """The number of deliveries that the next sweep will change: lapsed inspections, ended terms, uncollected data."""
    now = clock.now()
    return (
        lapsed_inspections(now).count()
        + expired_entitlements(now).count()
        + uncollected_entitlements(collection_deadline(now)).count()
    )


@cache
def _deliveries() -> QuerySet[Entitlement]:
    """Every entitlement with what is shown of it. Made once, because buyers ask for access again and again."""
    begun = Download.objects.filter(COLLECTED, inspection=OuterRef("pk")).order_by().values("inspection")
    collected_at = Subquery(begun.annotate(begun_at=Min("started_at")).values("begun_at"))
    late = _late_payments(OuterRef("agreement"), OuterRef("listing"), BusinessNow())
    rows = Entitlement.objects.annotate(collected_from=_collected_from(), is_late=Exists(late))
    return rows.prefetch_related(
        Prefetch("distributions", EntitledDistribution.objects.order_by("distribution")),
        Prefetch("inspections", Inspection.objects.order_by("round").annotate(collected_at=collected_at)),
        Prefetch("recipients", DeclaredRecipient.objects.order_by("pk")),
        Prefetch("restitutions", Restitution.objects.order_by("pk")),
        Prefetch("distributions__vouchers", Voucher.objects.filter(matched=True)),
    )


def visible_deliveries(actor: Actor) -> QuerySet[Entitlement]:
    """Entitlements of which the actor is buyer or seller, with their files; all, for the operator."""
    return _deliveries().all() if actor.may_see() else _of_party(_deliveries(), actor)


def latest_inspection(delivery: Entitlement) -> Inspection:
    """The inspection of the latest round, of those that were read with the delivery (``visible_deliveries``)."""
    return max(delivery.inspections.all(), key=lambda inspection: inspection.round)


def waiting_of(delivery: Entitlement, *, now: datetime, collection_period: timedelta) -> Waiting | None:
    """What holds a delivery of ``visible_deliveries`` back at ``now``; None if nothing does.

    ``collection_period`` is that of ``collection``: for a list it is read once.
    """
    latest = latest_inspection(delivery)
    collected_at: datetime | None = latest.collected_at  # type: ignore[attr-defined]
    collected_from: datetime = delivery.collected_from  # type: ignore[attr-defined]
    return waiting(
        delivery,
        latest,
        now=now,
        is_overdue=is_shown_overdue(delivery, now),
        collected_at=collected_at,
        collect_by=collected_from + collection_period,
    )


def visible_vouchers(actor: Actor) -> QuerySet[Voucher]:
    """Vouchers of deliveries in the actor's scope."""
    rows = Voucher.objects.select_related("entitlement", "inspection", "distribution", "download")
    return rows if actor.may_see() else _of_party(rows, actor, "entitlement__")


def visible_downloads(actor: Actor) -> QuerySet[Download]:
    """Downloads of deliveries in the actor's scope."""
    rows = Download.objects.select_related("entitlement", "inspection", "distribution")
    return rows if actor.may_see() else _of_party(rows, actor, "entitlement__")


def _of_party(rows: QuerySet[Row], actor: Actor, path: str = "") -> QuerySet[Row]:
    """Rows whose entitlement, found by ``path``, has the actor's organisation as buyer or seller."""
    party = Q(**{f"{path}buyer": actor.organisation_id}) | Q(**{f"{path}seller": actor.organisation_id})
    return rows.filter(party)
