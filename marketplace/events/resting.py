"""Handlers that a worker leaves alone for a while, because they exceeded their limit of time on several subjects."""

from __future__ import annotations

import time

from django.conf import settings

SUBJECTS_MIN = 2
"""Overruns on one subject may be that subject's fault; it waits for its own retries, and no other waits with it."""
REMEMBERED_SECONDS = 60.0
DOUBLINGS_MAX = 3


class Rests:
    """Which handlers exceeded their time in one worker, and until when it takes no event to them.

    A handler that hangs on every event would hold all workers, and with them the commit horizon, as long as it has
    events. So when it exceeds its time on ``SUBJECTS_MIN`` subjects within ``REMEMBERED_SECONDS``, it rests as long as
    it took, and twice as long each further time, up to ``2 ** DOUBLINGS_MAX`` times; when it handles an event, its next
    rest is short again. Its events wait meanwhile, no other's.
    """

    def __init__(self) -> None:
        """No handler rests."""
        self._overran_at: dict[str, dict[str, float]] = {}
        self._rests: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def record_overrun(self, handler: str, subject: str) -> None:
        """The handler exceeded its time on the subject."""
        now = time.monotonic()
        earlier = self._overran_at.get(handler, {})
        recent = {key: at for key, at in earlier.items() if now - at < REMEMBERED_SECONDS}
        self._overran_at[handler] = {**recent, subject: now}
        if len(self._overran_at[handler]) < SUBJECTS_MIN:
            return
        times = self._rests[handler] = self._rests.get(handler, 0) + 1
        self._until[handler] = now + settings.HANDLER_SECONDS_MAX * 2 ** min(times - 1, DOUBLINGS_MAX)

    def forget(self, handler: str) -> None:
        """The handler has handled an event."""
        if self._rests:
            self._rests.pop(handler, None)

    def includes(self, handler: str) -> bool:
        """Whether the handler rests now."""
        return bool(self._until) and time.monotonic() < self._until.get(handler, 0.0)
