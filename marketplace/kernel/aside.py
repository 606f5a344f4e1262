"""Loops over rows: a row that cannot be processed stands aside, and the others go on.

A row that failed is tried at every run of its loop until it has failed ``FAILURES_MAX`` times. Then it stands aside: it is
tried again at growing pauses, it no longer takes a place among the rows of a run, and the operator has a task that names it
(``notices.pipe``) and an alarm (``observability.metrics``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet

from .bounds import COUNT_MAX
from .clock import real_now
from .models import AsideRow

logger = logging.getLogger(__name__)

K = TypeVar("K")

FAILURES_MAX = 3
PAUSE_FIRST = timedelta(minutes=1)
PAUSE_MAX = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop over rows, ``<app>.<what it does>``."""

    name: str

    def each(
        self,
        rows: Iterable[K],
        work: Callable[[K], int],
        *,
        subject: Callable[[K], str] = str,
        are_all: bool = True,
    ) -> int:
        """Do ``work`` on every row that does not stand aside; returns the sum of its results.

        ``work`` does its own transaction; whatever it raises is logged, recorded, and left to a later run. ``subject``
        names the row to people. ``are_all``: the rows are all that the loop has to do, so what failed before and is not
        among them needs no more work.
        """
        known, done, seen = self._known(), 0, set()
        now = real_now()
        for row in rows:
            named = subject(row)
            seen.add(named)
            if not _is_due(known.get(named, now), now):
                continue
            try:
                done += work(row)
            except Exception as error:  # a row that cannot be processed must not hold back the others
                self.set_aside(named, error)
                continue
            if named in known:
                self.take_back(named)
        if are_all:
            for named, next_at in known.items():
                if named not in seen and _is_due(next_at, now):
                    self.take_back(named)
        return done

    def together(
        self, rows: Sequence[K], work: Callable[[list[K]], int], *, subject: Callable[[K], str] = str
    ) -> int:
        """Do ``work`` on all rows at once that do not stand aside; if that fails, on each by itself, as ``each``."""
        known, now = self._known(), real_now()
        some = [row for row in rows if _is_due(known.get(subject(row), now), now)]
        if not some:
            return 0
        try:
            done = work(some)
        except Exception:  # one of them cannot be processed; which one shows when each is by itself
            logger.warning(
                "%s: %s rows at once failed; each goes by itself", self.name, len(some), exc_info=True
            )
            return self.each(some, lambda row: work([row]), subject=subject, are_all=False)
        for named in {subject(row) for row in some} & known.keys():
            self.take_back(named)
        return done

    def standing_aside(self) -> list[str]:
        """The subjects that this run of the loop passes over, to leave them out of its query."""
        waiting = Q(next_at=None) | Q(next_at__gt=real_now())
        return list(self._open().filter(waiting).values_list("subject", flat=True))

    def subjects(self) -> list[str]:
        """What could not be processed and was not since, the oldest first: for a loop over what was put off."""
        return list(self._open().order_by("pk").values_list("subject", flat=True))

    @transaction.atomic
    def set_aside(
        self, subject: str, error: object, *, for_good: bool = False, at_once: bool = False
    ) -> None:
        """Record that ``subject`` could not be processed.

        ``for_good``: it stands aside at once, until a person acts. ``at_once``: it stands aside at once, and is tried again
        after the first pause.
        """
        logger.error("%s: %s could not be processed: %s", self.name, subject, error, exc_info=True)
        now = real_now()
        row, made = AsideRow.objects.select_for_update().get_or_create(
            loop=self.name,
            subject=subject,
            ended_at=None,
            defaults={"error": _text_of(error), "since": now, "next_at": now},
        )
        if not made:
            row.failures = min(row.failures + 1, COUNT_MAX)
            row.error = _text_of(error)
        if for_good or at_once:
            row.failures = max(row.failures, FAILURES_MAX)
        if for_good:
            row.next_at = None
        elif row.failures >= FAILURES_MAX:
            row.next_at = now + min(PAUSE_FIRST * 2 ** min(row.failures - FAILURES_MAX, 10), PAUSE_MAX)
        row.save(update_fields=["failures", "error", "next_at"])

    def take_back(self, subject: str) -> None:
        """Record that ``subject`` was processed after all, or needs no more work."""
        self._open().filter(subject=subject).update(ended_at=real_now())

    def error_of(self, subject: str) -> str | None:
        """What ``subject`` last failed with, if it has not been processed since."""
        return self._open().filter(subject=subject).values_list("error", flat=True).first()

    def _known(self) -> dict[str, datetime | None]:
        """What has failed: subject → when it is tried again."""
        return dict(self._open().values_list("subject", "next_at"))

    def _open(self) -> QuerySet[AsideRow]:
        return AsideRow.objects.filter(loop=self.name, ended_at=None)


def rows_standing_aside() -> QuerySet[AsideRow]:
    """Rows of every loop that failed ``FAILURES_MAX`` times or more and were not processed since, the oldest first."""
    return AsideRow.objects.filter(ended_at=None, failures__gte=FAILURES_MAX).order_by("pk")


def _is_due(next_at: datetime | None, now: datetime) -> bool:
    return next_at is not None and next_at <= now


def _text_of(error: object) -> str:
    """The error for people, without what PostgreSQL cannot store."""
    text = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    return text.replace("\x00", " ")[:500]
