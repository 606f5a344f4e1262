"""Keeps how far the parts of a cycle's steps have come. The caller holds the cycle's row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import Min

from marketplace.kernel import clock

from .models import Cycle, CyclePart
from .states import PARTS_OF_STEP, StepPart


def part_of(cycle: Cycle, part: StepPart, *, count: Callable[[], int] | None = None) -> CyclePart:
    """The part as its last chunk left it; if none has been done, a new one, not saved, over as many participants or
    documents as ``count`` finds."""
    found = CyclePart.objects.filter(cycle=cycle, part=part).first()
    return found or CyclePart(
        cycle=cycle,
        part=part,
        total=count() if count else None,
        began_at=clock.real_now(),
        booked_at=clock.now(),
    )


def record_chunk(part: CyclePart, *, done: int, reached: str, ended: bool) -> None:
    """Record a chunk of ``done`` further participants or documents up to ``reached``, and whether it was the last."""
    part.done += done
    part.reached = reached or part.reached
    if ended:
        part.ended_at = max(clock.real_now(), part.began_at)
    part.save()


def has_ended(cycle: Cycle, part: StepPart) -> bool:
    """Whether all chunks of the part are done."""
    return CyclePart.objects.filter(cycle=cycle, part=part, ended_at__isnull=False).exists()


def is_under_way(currency: str, part: StepPart) -> bool:
    """Whether a cycle of ``currency`` has done some chunks of the part, and not all."""
    return CyclePart.objects.filter(cycle__currency=currency, part=part, ended_at=None).exists()


def first_began_at(cycle: Cycle, state: str) -> datetime | None:
    """The real time at which the first chunk of the step to ``state`` began; None for a step without chunks."""
    parts = PARTS_OF_STEP.get(state, ())
    rows = CyclePart.objects.filter(cycle=cycle, part__in=parts)
    found: datetime | None = rows.aggregate(first=Min("began_at"))["first"]
    return found
