"""Agreements end with their rights of use: both are told once before, and once when it happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from marketplace.events.schemas.contracts import AgreementExpired
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.aside import Loop
from marketplace.kernel.states import advance
from marketplace.notices import services as notices
from marketplace.notices.texts import Wording

from ..amending.access_terms import ends_of_versions
from ..amending.queries import signed_versions
from ..ending.lost_time import without_access
from ..ending.states import EndingState
from ..ending.texts import ENDED, ENDING
from ..models import Agreement
from ..renewing.moves import drop_renewals
from ..states import AGREEMENT, AgreementState
from .deletions import begin_duty
from .ending_moves import drop_endings

ANNOUNCED_BEFORE: Final = timedelta(days=7)
BATCH: Final = 200
EXPIRE = Loop("contracts.expire_agreements")
ANNOUNCE = Loop("contracts.announce_ends")


@transaction.atomic
def move_end(*, agreement: str, ends_at: datetime, version: int = 1) -> bool:
    """Move the end of an agreement in force to ``ends_at``, for access that was given back; False if it is not later.

    ``version``: the version of the agreement by which access ends then; a later one that was signed meanwhile moves it."""
    subject = Agreement.objects.select_for_update().get(public_id=agreement)
    last = signed_versions(subject)[-1].number
    if version < last:
        ends_at = ends_of_versions(agreement).moved(version, last, ends_at)[0] or ends_at
    if subject.state != AgreementState.IN_FORCE or subject.ends_at is None or ends_at <= subject.ends_at:
        return False
    subject.ends_at = ends_at
    subject.save(update_fields=["ends_at"])
    return True


def _ending(until: datetime) -> QuerySet[Agreement]:
    return Agreement.objects.filter(state=AgreementState.IN_FORCE, ends_at__lte=until)


def announce_ends() -> int:
    """Tell both sides of each agreement whose rights end within ``ANNOUNCED_BEFORE``, once; returns how many."""
    now = clock.now()
    due = _ending(now + ANNOUNCED_BEFORE).filter(end_announced_at=None, ends_at__gt=now)
    rows = due.exclude(public_id__in=ANNOUNCE.standing_aside()).order_by("ends_at", "pk")
    return ANNOUNCE.each(rows.values_list("public_id", flat=True)[:BATCH], _announce)


@transaction.atomic
def _announce(agreement: str) -> bool:
    subject = _locked(agreement)
    if subject is None or subject.end_announced_at is not None or subject.ends_at is None:
        return False
    subject.end_announced_at = clock.now()
    subject.save(update_fields=["end_announced_at"])
    _tell(subject, ENDING.fill(agreement=agreement, end=in_market_time(subject.ends_at)))
    return True


def expire_agreements() -> int:
    """End the agreements whose rights are over and under which no access is open; returns how many.

    Access that is suspended or in dispute is open: what it lost may be given back. Emits agreement.expired for each.
    """
    due = without_access(_ending(clock.now())).exclude(public_id__in=EXPIRE.standing_aside())
    # What was to end it before is carried out first, with its refund.
    due = due.exclude(endings__state=EndingState.SCHEDULED)
    return EXPIRE.each(due.order_by("ends_at", "pk").values_list("public_id", flat=True)[:BATCH], _expire)


@transaction.atomic
def _expire(agreement: str) -> bool:
    subject = _locked(agreement)
    if subject is None or subject.state != AgreementState.IN_FORCE or subject.ends_at is None:
        return False
    if subject.ends_at > clock.now() or not without_access(Agreement.objects.filter(pk=subject.pk)).exists():
        return False
    if subject.endings.filter(state=EndingState.SCHEDULED).exists():
        return False
    drop_endings(subject)
    advance(subject, AGREEMENT, command="expire", role="system", expired_at=clock.now())
    drop_renewals(subject)
    begin_duty(subject)
    record(
        kind="contracts.agreement_expired",
        subject=agreement,
        actor=SYSTEM,
        payload={"ends_at": subject.ends_at.isoformat()},
    )
    emit(
        AgreementExpired(
            agreement=agreement,
            buyer=subject.buyer_identifier,
            seller=subject.seller_identifier,
            ends_at=subject.ends_at.isoformat(),
        )
    )
    _tell(subject, ENDED.fill(agreement=agreement, end=in_market_time(subject.ends_at)))
    return True


def _locked(agreement: str) -> Agreement | None:
    """The agreement, locked until the transaction ends; None if another transaction has it, which the next sweep sees."""
    return Agreement.objects.select_for_update(skip_locked=True).filter(public_id=agreement).first()


def _tell(agreement: Agreement, wording: Wording) -> None:
    notices.send_notices(
        subject=agreement.public_id,
        wordings={agreement.buyer_id: wording, agreement.seller_id: wording},
    )


def in_market_time(moment: datetime) -> str:
    """A moment as people in Japan write it, to the minute."""
    return moment.astimezone(clock.market_zone()).strftime("%Y-%m-%d %H:%M")
