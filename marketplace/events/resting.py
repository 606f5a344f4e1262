"""Handlers that a worker leaves alone for a while, because they exceeded their limit of time."""

from __future__ import annotations

import time

from django.conf import settings

DOUBLINGS_MAX = 3


class Rests:
    """Which handlers exceeded their time in one worker, and until when it takes no event to them.

    A handler that hangs on every event would hold all workers, and with them the commit horizon, as long as it has
    events. So it rests after each time as long as it took, and twice as long each further time, up to
    ``2 ** DOUBLINGS_MAX`` times; when it handles an event, all is as before. Its events wait meanwhile, no other's.
    """

    def __init__(self) -> None:
        """No handler rests."""
        self._overruns: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def begin(self, handler: str) -> None:
        """The handler exceeded its time."""
        times = self._overruns[handler] = self._overruns.get(handler, 0) + 1
        self._until[handler] = time.monotonic() + settings.HANDLER_SECONDS_MAX * 2 ** min(
            times - 1, DOUBLINGS_MAX
        )

    def forget(self, handler: str) -> None:
        """The handler has handled an event."""
        if self._overruns:
            self._overruns.pop(handler, None)

    def includes(self, handler: str) -> bool:
        """Whether the handler rests now."""
        return bool(self._until) and time.monotonic() < self._until.get(handler, 0.0)
