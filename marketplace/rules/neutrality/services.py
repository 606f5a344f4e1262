"""Ask for bundles and counterfactuals, make them, and open the auditor's file."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from marketplace.events.schemas.rules import NeutralityPublished
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.jobs.kinds import Arguments, JobKind, Work
from marketplace.jobs.services import enqueue
from marketplace.jobs.states import Queue
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import get_organisations

from ..models import Rulebook
from .bundles import build
from .counterfactuals import swap
from .errors import (
    BundleNotMade,
    PeriodCovered,
    PeriodInvalid,
    SameOrganisation,
    TooManyCounterfactuals,
)
from .locks import BUNDLE_LOCK
from .models import FOLLOWED_MAX, Counterfactual, NeutralityBundle
from .periods import DAYS_MAX, Period, month_before
from .queries import MADE

WAITING_MAX = 10
"""So many counterfactuals wait at once: they share a queue with documents of participants."""


@transaction.atomic
def ask_for_bundle(*, actor: Actor, first_day: date, last_day: date) -> NeutralityBundle:
    """Ask for the bundle of a period that is over; a job makes it. Raises PeriodInvalid, PeriodCovered, Forbidden."""
    actor.require(Permission.EVIDENCE_READ)
    period = _period(first_day, last_day)
    BUNDLE_LOCK.acquire()
    covering = _covering(period)
    if covering is not None:
        raise PeriodCovered(bundle=covering)
    row = NeutralityBundle.objects.create(
        first_day=first_day, last_day=last_day, asked_by=actor.identifier, asked_at=clock.now()
    )
    enqueue(kind=MAKE_BUNDLE, subject=row.public_id)
    return row


@transaction.atomic
def ask_for_last_month() -> list[NeutralityBundle]:
    """Ask for bundles of the days of the month that ended that none covers, if the market had a rulebook then.

    Days of which a bundle could not be made, because it was too large, are asked for in halves.
    """
    month = month_before(clock.business_date(clock.now()))
    if not Rulebook.objects.filter(effective_from__lt=month.ends_at).exists():
        return []
    failed = {
        Period(*days)
        for days in NeutralityBundle.objects.filter(
            failed_at__isnull=False, first_day__gte=month.first_day, last_day__lte=month.last_day
        ).values_list("first_day", "last_day")
    }
    return [
        ask_for_bundle(actor=SYSTEM, first_day=period.first_day, last_day=period.last_day)
        for left in month.without(_periods_covering(month))
        for period in left.shorter_than(failed)
    ]


def _period(first_day: date, last_day: date) -> Period:
    period = Period(first_day, last_day)
    if not 1 <= period.days <= DAYS_MAX or period.ends_at > clock.now():
        raise PeriodInvalid(first_day=first_day.isoformat(), last_day=last_day.isoformat(), days_max=DAYS_MAX)
    return period


def _covering(period: Period) -> str | None:
    return _rows_covering(period).values_list("public_id", flat=True).first()


def _periods_covering(period: Period) -> list[Period]:
    days = _rows_covering(period).order_by("first_day").values_list("first_day", "last_day")
    return [Period(*each) for each in days]


def _rows_covering(period: Period) -> QuerySet[NeutralityBundle]:
    """The bundles, made or asked for, that cover a day of the period."""
    return NeutralityBundle.objects.filter(
        failed_at=None, first_day__lte=period.last_day, last_day__gte=period.first_day
    )


def make_bundle(work: Work) -> None:
    """Make the files of a bundle, once; a job. Raises PartTooLarge, BundleTooLarge."""
    row = NeutralityBundle.objects.get(public_id=work.subject)
    if row.made_at is not None or row.failed_at is not None:
        return
    built = build(row.public_id, Period(row.first_day, row.last_day), work.report_progress)
    with transaction.atomic():
        locked = NeutralityBundle.objects.select_for_update().get(pk=row.pk)
        if locked.made_at is not None or locked.failed_at is not None:
            return
        locked.content, locked.sha256 = built.content, built.sha256
        locked.auditors_content, locked.auditors_sha256 = built.auditors_content, built.auditors_sha256
        locked.figures, locked.made_at = built.figures, clock.now()
        locked.save()
        days = {"first_day": row.first_day.isoformat(), "last_day": row.last_day.isoformat()}
        record(
            kind=MADE,
            subject=row.public_id,
            actor=SYSTEM,
            payload={**days, "sha256": built.sha256, "auditors_sha256": built.auditors_sha256},
        )
        emit(NeutralityPublished(bundle=row.public_id, sha256=built.sha256, **days))


def fail_bundle(bundle: str, _arguments: Arguments) -> None:
    """Record that a bundle could not be made: it covers no day any more, so shorter ones can be asked for."""
    row = NeutralityBundle.objects.select_for_update(no_key=True).get(public_id=bundle)
    if row.made_at is None and row.failed_at is None:
        row.failed_at = clock.now()
        row.save(update_fields=["failed_at"])


@transaction.atomic
def open_auditors_file(*, actor: Actor, bundle: str) -> tuple[bytes, str]:
    """The auditor's file of a bundle and its SHA-256; that it was opened is recorded. Raises Missing, BundleNotMade, Forbidden."""
    actor.require(Permission.EVIDENCE_READ)
    row = NeutralityBundle.objects.filter(public_id=bundle).first()
    if row is None:
        raise Missing(kind="neutrality bundle", identifier=bundle)
    if row.auditors_content is None or row.auditors_sha256 is None:
        raise BundleNotMade(bundle=bundle)
    record(
        kind="rules.auditors_file_opened",
        subject=row.public_id,
        actor=actor,
        payload={"auditors_sha256": row.auditors_sha256},
    )
    return bytes(row.auditors_content), row.auditors_sha256


@transaction.atomic
def ask_for_counterfactual(
    *, actor: Actor, first_day: date, last_day: date, first: str, second: str
) -> Counterfactual:
    """Ask to replay a period with two organisations (public identifiers) swapped; a job does it.

    One that waits already is returned. Raises PeriodInvalid, SameOrganisation, TooManyCounterfactuals, Missing, Forbidden.
    """
    actor.require(Permission.EVIDENCE_READ)
    _period(first_day, last_day)
    if first == second:
        raise SameOrganisation(organisation=first)
    get_organisations([first, second])
    stated = {"first_day": first_day, "last_day": last_day, "first": first, "second": second}
    BUNDLE_LOCK.acquire()
    # One that was never made stops nobody after a day.
    waiting = Counterfactual.objects.filter(made_at=None, asked_at__gt=clock.now() - timedelta(days=1))
    if (same := waiting.filter(**stated).first()) is not None:
        return same
    if waiting.count() >= WAITING_MAX:
        raise TooManyCounterfactuals(waiting_max=WAITING_MAX)
    row = Counterfactual.objects.create(
        **stated,
        asked_by=actor.identifier,
        asked_at=clock.now(),
    )
    enqueue(kind=MAKE_COUNTERFACTUAL, subject=row.public_id)
    return row


def make_counterfactual(work: Work) -> None:
    """Replay the period of a counterfactual, once; a job. Raises PartTooLarge."""
    row = Counterfactual.objects.get(public_id=work.subject)
    if row.made_at is not None:
        return
    found = swap(Period(row.first_day, row.last_day), row.first, row.second, work.report_progress)
    with transaction.atomic():
        locked = Counterfactual.objects.select_for_update().get(pk=row.pk)
        if locked.made_at is not None:
            return
        locked.decisions, locked.rules = found.decisions, sorted(found.rules)
        locked.followed, locked.made_at = found.followed[:FOLLOWED_MAX], clock.now()
        locked.save()
        payload: dict[str, Any] = {"decisions": found.decisions, "rules": sorted(found.rules)}
        record(
            kind="rules.counterfactual_made",
            subject=row.public_id,
            actor=SYSTEM,
            payload={**payload, "followed": len(found.followed)},
        )


MAKE_BUNDLE = JobKind(
    name="rules.make_neutrality_bundle",
    queue=Queue.DOCUMENTS,
    label=Label("make a neutrality bundle", "中立性記録束の作成"),
    run=make_bundle,
    seconds_max=500,
    backoff_seconds=(60, 600),
    on_ended=fail_bundle,
)
MAKE_COUNTERFACTUAL = JobKind(
    name="rules.make_counterfactual",
    queue=Queue.DOCUMENTS,
    label=Label("replay a period with two identities swapped", "二者の識別子を入れ替えた再判定"),
    run=make_counterfactual,
    seconds_max=500,
    backoff_seconds=(60, 600),
)
